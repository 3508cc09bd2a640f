# /// script
# requires-python = ">=3.10,<3.15"
# dependencies = [
#   "torch==2.13.0",
#   "transformers==5.23.0",
#   "peft==0.21.2",
#   "accelerate==1.15.0",
#   "safetensors==0.8.0",
#   "gguf==0.19.0",
#   "bitsandbytes==0.50.2 ; sys_platform != 'darwin'",
# ]
# ///
"""Trains a LoRA adapter with PEFT, told what to do by JSON lines on stdin and telling how it goes by JSON lines on stdout.

In:   {"type": "train", ...}    first line, see `Job`
      {"type": "cancel"}        stop after this step, with a checkpoint
      end of file               the parent is gone: so is this process, at once
Out:  started, step, validating, validation, checkpoint, then one of done, cancelled, error; see `tell`

The loop is written out instead of handed to TRL's or Transformers' trainer: examples come tokenised with the positions that
are learnt (both would render a template again), in an order that is given (so that the local trainer sees the same), and the
process must be able to stop after any step and go on from there to the same adapter.
"""

import json
import math
import os
import sys
import threading
import time
from dataclasses import dataclass

PROTOCOL = 1

# Libraries print where they like. What is told goes to the real stdout; what they print, to stderr.
CHANNEL = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
os.dup2(2, 1)


def main() -> None:
    if sys.argv[1:] == ["--check"]:
        # Only whether Python and the packages above are there: imports nothing heavy.
        import importlib.metadata as metadata

        names = ["torch", "transformers", "peft", "safetensors", "gguf"]
        tell("packages", **{name: metadata.version(name) for name in names})
        return
    job = Job(**without_type(read_line()))
    stop = threading.Event()
    threading.Thread(target=listen, args=(stop,), daemon=True).start()
    try:
        run(job, stop)
    except Refusal as refusal:
        tell("error", code=refusal.code, message=str(refusal), hint=refusal.hint, **refusal.details)
        sys.exit(1)
    except Exception as error:
        if is_out_of_memory(error):
            tell(
                "error",
                code="memory",
                message="The memory of the training device is full.",
                hint="Set tune.worker.microBatchSize to 1, or tune.worker.quantise to '4bit', or shorten the examples.",
            )
            sys.exit(1)
        raise


@dataclass
class Job:
    """What the parent asks for. Paths are absolute."""

    protocol: int
    base: dict
    """{"gguf": path} or {"model": Hugging Face id or folder}."""
    train: str
    """JSONL, a line an example: {"tokens": [...], "labelSpans": [[start, end], ...]}."""
    validation: str | None
    steps: str
    """JSONL, a line a step: the numbers of its examples. All epochs."""
    fingerprint: str
    """A checkpoint of another one is refused."""
    output: str
    checkpoint: str
    resume: bool
    checkpointEverySeconds: float
    evaluateEverySteps: int | None
    evaluations: int
    precision: str
    quantise: str
    microBatchSize: int | None
    threads: int | None
    rank: int
    alpha: float
    dropout: float
    targetModules: list
    learningRate: float
    schedule: str
    warmupFraction: float
    weightDecay: float
    maxGradientNorm: float
    patience: int
    seed: int
    maxMinutes: float | None
    initialAdapter: str | None
    """A folder saved by PEFT whose matrices are begun from; else A is random and B zero."""


class Refusal(Exception):
    """What the user can mend, as a sentence and what to do."""

    def __init__(self, code: str, message: str, hint: str, **details):
        super().__init__(message)
        self.code = code
        self.hint = hint
        self.details = details


def run(job: Job, stop: threading.Event) -> None:
    started = time.monotonic()
    if job.protocol != PROTOCOL:
        raise Refusal(
            "protocol",
            f"This worker speaks protocol {PROTOCOL} and was asked in {job.protocol}.",
            "Use the worker script that came with this version of Tandem.",
        )
    examples = read_jsonl(job.train)
    validation = read_jsonl(job.validation) if job.validation else []
    plan = read_jsonl(job.steps)

    import torch

    if job.threads:
        torch.set_num_threads(job.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    precision = chosen_precision(job.precision, device)
    torch.manual_seed(job.seed)
    model, quantised = load_model(job, device, precision)
    check_fit(examples, validation, model)
    model = add_adapter(model, job)
    matrices = {name: p for name, p in model.named_parameters() if p.requires_grad}
    optimizer = torch.optim.AdamW(
        matrices.values(), lr=job.learningRate, betas=(0.9, 0.999), eps=1e-8, weight_decay=job.weightDecay
    )
    state = State()
    if job.resume:
        load_checkpoint(job, state, matrices, optimizer)
    seconds_before = state.seconds
    resumed_at = state.step

    def elapsed() -> float:
        return seconds_before + time.monotonic() - started

    def save() -> None:
        state.seconds = elapsed()
        save_checkpoint(job, state, matrices, optimizer)
        tell("checkpoint", step=state.step)

    planned = len(plan)
    total = planned
    tell(
        "started",
        step=state.step,
        totalSteps=total,
        device=torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        precision=precision,
        quantised=quantised,
        trainable=sum(p.numel() for p in matrices.values()),
        packages=versions(),
        pid=os.getpid(),
    )

    def autocast():
        return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16")

    def loss_of(batch: list) -> tuple:
        with autocast():
            return summed_loss(model, batch, device)

    def evaluate_every() -> int:
        return job.evaluateEverySteps or max(1, math.ceil(total / job.evaluations))

    def evaluate() -> None:
        model.eval()
        began = time.monotonic()
        loss = labels = 0
        with torch.no_grad():
            done = 0
            for batch in in_groups(by_length(validation), job.microBatchSize or 4):
                if stop.is_set():
                    raise Cancelled
                part, count = loss_of(batch)
                loss, labels, done = loss + part.item(), labels + count, done + len(batch)
                tell("validating", done=done, total=len(validation))
        state.evaluation_seconds = time.monotonic() - began
        loss /= labels
        if not math.isfinite(loss):
            raise Refusal(
                "diverged",
                f"The validation loss is no longer a number after step {state.step}.",
                f"Lower the learning rate (it was {job.learningRate}). The last good state is kept.",
                step=state.step,
                examples=[],
            )
        if all(loss <= earlier["loss"] for earlier in state.validation):
            state.best = {name: p.detach().cpu().clone() for name, p in matrices.items()}
        state.validation.append({"step": state.step, "loss": loss})
        tell("validation", step=state.step, loss=loss)

    def gradients_of(chosen: list) -> float:
        """Mean loss over the labelled tokens of these examples; its gradients are left in the matrices."""
        model.train()
        optimizer.zero_grad(set_to_none=True)
        labels = sum(count_labels(examples[i]) for i in chosen)
        total_loss = 0.0
        for batch in in_groups(by_length([examples[i] for i in chosen]), job.microBatchSize or len(chosen)):
            loss, _ = loss_of(batch)
            (loss / labels).backward()
            total_loss += loss.item() / labels
        return total_loss

    def gradient_norm() -> float:
        norms = [p.grad.norm() for p in matrices.values() if p.grad is not None]
        return torch.linalg.vector_norm(torch.stack(norms)).item()

    last_saved = -math.inf
    step_seconds = step_tokens = 0.0
    try:
        while True:
            due = state.step == 0 or state.step >= total or state.step % evaluate_every() == 0
            if validation and due and (not state.validation or state.validation[-1]["step"] != state.step):
                evaluate()
            if state.step >= total or patience_is_over(state.validation, job.patience):
                break
            if stop.is_set():
                raise Cancelled
            chosen = plan[state.step]
            began = time.monotonic()
            # By step, so that what dropout zeroes does not depend on interruptions.
            torch.manual_seed(job.seed * 1_000_003 + state.step)
            loss = gradients_of(chosen)
            norm = gradient_norm()
            if not (math.isfinite(loss) and math.isfinite(norm)):
                raise diverged(job, state, chosen, gradients_of, gradient_norm, save)
            # Only here is it known that the matrices give a loss and a gradient.
            if time.monotonic() - last_saved >= job.checkpointEverySeconds:
                save()
                last_saved = time.monotonic()
            if job.maxGradientNorm > 0:
                torch.nn.utils.clip_grad_norm_(matrices.values(), job.maxGradientNorm)
            rate = job.learningRate * rate_factor(
                state.step + 1, round_half_up(job.warmupFraction * total), total, job.schedule
            )
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.step()
            state.step += 1
            tokens = sum(len(examples[i]["tokens"]) for i in chosen)
            state.losses.append(loss)
            state.tokens += tokens
            step_seconds += time.monotonic() - began
            step_tokens += tokens
            per_step = step_seconds / (state.step - resumed_at)
            if job.maxMinutes is not None:
                left = job.maxMinutes * 60 - elapsed()
                if validation:
                    left -= math.ceil((total - state.step) / evaluate_every()) * state.evaluation_seconds
                total = min(planned, state.step + max(0, math.floor(left / per_step)))
            tell(
                "step",
                step=state.step,
                totalSteps=total,
                loss=loss,
                learningRate=rate,
                gradientNorm=norm,
                tokens=state.tokens,
                tokensPerSecond=step_tokens / step_seconds,
                secondsLeft=(total - state.step) * per_step,
            )
        save()
    except Cancelled:
        save()
        tell("cancelled", step=state.step)
        return

    if state.best is not None:
        with torch.no_grad():
            for name, p in matrices.items():
                p.copy_(state.best[name])
    model.save_pretrained(job.output, save_embedding_layers=False)
    lowest = min((v["loss"] for v in state.validation), default=None)
    best_step = next((v["step"] for v in reversed(state.validation) if v["loss"] == lowest), state.step)
    tell(
        "done",
        steps=state.step,
        plannedSteps=planned,
        bestStep=best_step,
        stoppedBy="epochs" if state.step >= planned else "time" if state.step >= total else "patience",
        tokens=state.tokens,
        losses=state.losses,
        validation=state.validation,
        seconds=elapsed(),
        tokensPerSecond=step_tokens / step_seconds if step_seconds > 0 else 0,
        peakMemoryBytes=peak_memory(),
        peakDeviceMemoryBytes=torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0,
    )


# ---------------------------------------------------------------------------------------------- the model


def load_model(job: Job, device, precision: str):
    """The base with its weights frozen, and how they are quantised ("nf4" or None)."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    quantise = job.quantise == "4bit"
    if "gguf" in job.base:
        folder, name = os.path.split(job.base["gguf"])
        try:
            model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=dtype)
        except (ValueError, OSError) as error:
            raise Refusal(
                "base",
                f"Transformers cannot read {job.base['gguf']}: {first_line(error)}",
                "Name the model's Hugging Face id or folder under tune.worker.base.",
            ) from error
        # It is dequantised now, whatever the config says it came from.
        if hasattr(model.config, "quantization_config"):
            del model.config.quantization_config
        model.hf_quantizer = None
        if not quantise and not (job.quantise == "auto" and too_large(model, device)):
            return model.to(device), None
        # bitsandbytes quantises while it loads, and not from GGUF.
        folder = os.path.join(job.checkpoint, "base")
        model.save_pretrained(folder)
        del model
    else:
        folder = job.base["model"]
        try:
            # Also where it will be quantised: a name that leads nowhere is told as such.
            AutoConfig.from_pretrained(folder)
            if not quantise:
                model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
                if job.quantise == "none" or not too_large(model, device):
                    return model.to(device), None
                del model
        except (ValueError, OSError) as error:
            raise Refusal(
                "base",
                f"The base {folder} of tune.worker.base cannot be loaded: {first_line(error)}",
                "Name a folder, or a Hugging Face id that is in its cache; with network: 'open' it is downloaded.",
            ) from error
    return load_in_four_bits(folder, device, dtype), "nf4"


def load_in_four_bits(folder: str, device, dtype):
    """QLoRA (Dettmers et al. 2023): NormalFloat4 blocks with their scales quantised once more."""
    import torch
    from peft import prepare_model_for_kbit_training
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    try:
        import bitsandbytes  # noqa: F401
    except ImportError as error:
        raise Refusal(
            "environment",
            "Four-bit weights need bitsandbytes, which this Python does not have.",
            "Install bitsandbytes in it, let uv bring it (leave tune.worker.python out), or set tune.worker.quantise to 'none'.",
        ) from error
    model = AutoModelForCausalLM.from_pretrained(
        folder,
        dtype=dtype,
        device_map={"": 0 if device.type == "cuda" else "cpu"},
        quantization_config=BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16 if dtype == torch.bfloat16 else torch.float32,
        ),
    )
    return prepare_model_for_kbit_training(
        model, use_gradient_checkpointing=True, gradient_checkpointing_kwargs={"use_reentrant": False}
    )


def too_large(model, device) -> bool:
    """More than half of the GPU's memory: activations need the rest. A smaller base loses nothing by staying exact."""
    import torch

    if device.type != "cuda":
        return False
    size = sum(p.numel() * p.element_size() for p in model.parameters())
    return size > torch.cuda.get_device_properties(device).total_memory / 2


def add_adapter(model, job: Job):
    from peft import LoraConfig, PeftModel, get_peft_model

    if job.initialAdapter:
        adapted = PeftModel.from_pretrained(model, job.initialAdapter, is_trainable=True)
    else:
        adapted = get_peft_model(
            model,
            LoraConfig(
                task_type="CAUSAL_LM",
                r=job.rank,
                lora_alpha=job.alpha,
                lora_dropout=job.dropout,
                target_modules=job.targetModules,
                bias="none",
            ),
        )
    # AdamW's small steps are lost in 16 bits.
    for p in adapted.parameters():
        if p.requires_grad:
            p.data = p.data.float()
    return adapted


def chosen_precision(wanted: str, device) -> str:
    """bf16 where the hardware multiplies in it, else fp32: emulated bf16 is slower than fp32 and no better."""
    import torch

    if wanted != "auto":
        return wanted
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    return "bf16" if {"avx512_bf16", "amx_bf16"} & cpu_flags() else "fp32"


def cpu_flags() -> set:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("flags"):
                    return set(line.split())
    except OSError:
        pass
    return set()


# ----------------------------------------------------------------------------------------------- the loss


def summed_loss(model, batch: list, device):
    """Cross-entropy summed over the labelled tokens of the batch, in float32, and their number.

    Rows are padded on the right. The head runs over the positions at which any row has a label: prompts are most of a text.
    """
    import torch

    width = max(len(example["tokens"]) for example in batch)
    tokens = torch.zeros(len(batch), width, dtype=torch.long)
    mask = torch.zeros(len(batch), width, dtype=torch.long)
    labels = torch.full((len(batch), width), -100, dtype=torch.long)
    for row, example in enumerate(batch):
        length = len(example["tokens"])
        tokens[row, :length] = torch.tensor(example["tokens"])
        mask[row, :length] = 1
        for start, end in example["labelSpans"]:
            # Nothing comes before the first token to predict it from.
            labels[row, max(1, start) : end] = tokens[row, max(1, start) : end]
    # The logits at a position are for the next token.
    wanted = labels[:, 1:]
    positions = (wanted != -100).any(dim=0).nonzero().flatten()
    logits = model(
        input_ids=tokens.to(device),
        attention_mask=mask.to(device),
        logits_to_keep=positions.to(device),
        use_cache=False,
    ).logits
    loss = torch.nn.functional.cross_entropy(
        logits.float().flatten(0, 1), wanted[:, positions].flatten().to(device), ignore_index=-100, reduction="sum"
    )
    return loss, int((wanted != -100).sum())


def count_labels(example: dict) -> int:
    """Each labelled position once, however many spans name it."""
    marked = {p for start, end in example["labelSpans"] for p in range(max(1, start), end)}
    return len(marked)


def rate_factor(step: int, warmup: int, total: int, schedule: str) -> float:
    """As the local trainer: a line up to the peak, then half a cosine or a line to zero one step after the last, or the peak."""
    if step <= warmup:
        return step / max(1, warmup)
    if schedule == "constant":
        return 1.0
    progress = min(1.0, (step - warmup) / max(1, total + 1 - warmup))
    return 1 - progress if schedule == "linear" else 0.5 * (1 + math.cos(math.pi * progress))


def round_half_up(value: float) -> int:
    """JavaScript's Math.round, so that both trainers warm up for as long."""
    return math.floor(value + 0.5)


def patience_is_over(validation: list, patience: int) -> bool:
    if patience == 0 or len(validation) <= patience:
        return False
    losses = [measured["loss"] for measured in validation]
    return all(loss >= min(losses[:-patience]) for loss in losses[-patience:])


def diverged(job: Job, state, chosen: list, gradients_of, gradient_norm, save) -> Refusal:
    """Names the examples that have no loss or gradient by themselves. Where only some have none, the matrices are sound and saved."""
    culprits = [
        i for i in chosen if not (math.isfinite(gradients_of([i])) and math.isfinite(gradient_norm()))
    ]
    if len(culprits) < len(chosen):
        save()
    named = ", ".join(str(i) for i in (culprits or chosen))
    return Refusal(
        "diverged",
        f"Training diverged at step {state.step + 1}: the loss or its gradient is no longer a number, in the training examples {named}.",
        f"Look at them, or lower the learning rate (it was {job.learningRate}). The last good state is kept.",
        step=state.step + 1,
        examples=culprits,
    )


# ---------------------------------------------------------------------------------------- examples and checkpoints


def check_fit(examples: list, validation: list, model) -> None:
    config = model.config.get_text_config()
    longest = max(len(example["tokens"]) for example in examples + validation)
    context = getattr(config, "max_position_embeddings", None)
    if context and longest > context:
        raise Refusal(
            "input",
            f"An example has {longest} tokens, and the model can read {context}.",
            "Shorten it; nothing is cut silently.",
        )
    largest = max(max(example["tokens"]) for example in examples + validation)
    if largest >= config.vocab_size:
        raise Refusal(
            "base",
            f"The examples have the token {largest}, and the base has a vocabulary of {config.vocab_size}.",
            "Under tune.worker.base name the same model as the GGUF that is served.",
        )


class State:
    """All that a training needs to go on, beside matrices and moments."""

    def __init__(self):
        self.step = 0
        self.tokens = 0
        self.seconds = 0.0
        self.evaluation_seconds = 0.0
        self.losses = []
        self.validation = []
        self.best = None


CHECKPOINT = "worker-checkpoint.pt"


def save_checkpoint(job: Job, state: State, matrices: dict, optimizer) -> None:
    """Whole or not at all: a process that dies here leaves the one before."""
    import torch

    os.makedirs(job.checkpoint, exist_ok=True)
    path = os.path.join(job.checkpoint, CHECKPOINT)
    with open(path + ".partial", "wb") as file:
        torch.save(
            {
                "fingerprint": job.fingerprint,
                "state": vars(state),
                "matrices": {name: p.detach().cpu() for name, p in matrices.items()},
                "optimizer": optimizer.state_dict(),
            },
            file,
        )
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".partial", path)


def load_checkpoint(job: Job, state: State, matrices: dict, optimizer) -> None:
    import torch

    path = os.path.join(job.checkpoint, CHECKPOINT)
    if not os.path.exists(path):
        return
    saved = torch.load(path, map_location="cpu", weights_only=True)
    if saved["fingerprint"] != job.fingerprint:
        raise Refusal(
            "checkpoint",
            f"{path} is the checkpoint of another training.",
            "Go on with that one under its own settings and data, or start anew (tandem tune --fresh).",
        )
    vars(state).update(saved["state"])
    with torch.no_grad():
        for name, p in matrices.items():
            p.copy_(saved["matrices"][name])
    optimizer.load_state_dict(saved["optimizer"])


def read_jsonl(path: str) -> list:
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def by_length(examples: list) -> list:
    """Examples of similar length together: less padding."""
    return sorted(examples, key=lambda example: len(example["tokens"]))


def in_groups(items: list, size: int) -> list:
    return [items[i : i + size] for i in range(0, len(items), size)]


# ------------------------------------------------------------------------------------------------ the channel


class Cancelled(Exception):
    pass


def tell(kind: str, **values) -> None:
    CHANNEL.write(json.dumps({"type": kind, **values}, allow_nan=False) + "\n")
    CHANNEL.flush()


def read_line() -> dict:
    line = sys.stdin.readline()
    if not line:
        os._exit(0)
    return json.loads(line)


def without_type(message: dict) -> dict:
    return {key: value for key, value in message.items() if key != "type"}


def listen(stop: threading.Event) -> None:
    """The parent's end of stdin closes when it dies, however it dies."""
    for line in sys.stdin:
        if json.loads(line).get("type") == "cancel":
            stop.set()
    os._exit(3)


def versions() -> dict:
    import importlib.metadata as metadata

    return {name: metadata.version(name) for name in ("torch", "transformers", "peft")}


def peak_memory() -> int:
    """Of this process, in bytes."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def is_out_of_memory(error: Exception) -> bool:
    import torch

    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "can't allocate memory" in str(error)


if __name__ == "__main__":
    main()
