/** A question with a few answers, of which the first is right. */
export interface TaskItem {
  question: string;
  choices: readonly [string, ...string[]];
}

/** Items of one kind. */
export interface TaskFamily {
  id: string;
  name: string;
  items: readonly TaskItem[];
}

const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => line.trim());

/** `QUESTION | RIGHT | WRONG | …` */
const asked = (text: string): TaskItem[] =>
  lines(text).map((line) => {
    const [question = '', right = '', ...wrong] = line.split(' | ');
    return { question, choices: [right, ...wrong] };
  });

/** `RIGHT | WRONG`: which of two sentences a writer would write. */
const pairs = (question: string, text: string): TaskItem[] =>
  lines(text).map((line) => {
    const [right = '', ...wrong] = line.split(' | ');
    return { question, choices: [right, ...wrong] };
  });

const sums: TaskItem[] = [
  [3, 4],
  [6, 5],
  [9, 8],
  [12, 7],
  [15, 6],
  [21, 13],
  [34, 22],
  [18, 17],
  [45, 31],
  [27, 26],
  [52, 19],
  [38, 43],
  [61, 28],
  [74, 17],
  [56, 35],
  [23, 58],
  [80, 45],
  [67, 29],
  [49, 36],
  [88, 24],
].map(([a = 0, b = 0]) => ({
  question: `What is ${a} + ${b}? Reply with the number alone.`,
  choices: [String(a + b), String(a + b + 1), String(a + b - 2), String(a + b + 10)],
}));

/**
 * What a small model can do beside any project: facts, sense, words, grammar, sums, order, code, in short questions with a few answers to choose among.
 * Written for Tandem; none is from a published test set. In English, since most models can do something there.
 */
export const generalTasks: readonly TaskFamily[] = [
  {
    id: 'facts',
    name: 'Common facts',
    items: asked(`
      What is the capital of France? | Paris | Rome | Vienna | Oslo
      What is the capital of Japan? | Tokyo | Beijing | Bangkok | Manila
      What is the capital of Egypt? | Cairo | Lagos | Tunis | Nairobi
      Which planet do we live on? | Earth | Mars | Venus | Saturn
      Which planet is known for its rings? | Saturn | Mercury | Mars | Earth
      Who wrote "Romeo and Juliet"? | William Shakespeare | Charles Dickens | Mark Twain | Leo Tolstoy
      Which ocean lies between Europe and America? | The Atlantic Ocean | The Indian Ocean | The Arctic Ocean | The Pacific Ocean
      What do bees make? | Honey | Silk | Milk | Wool
      Which gas do plants take from the air to grow? | Carbon dioxide | Helium | Neon | Methane
      At how many degrees Celsius does water boil at sea level? | 100 | 50 | 150 | 30
      How many days are there in a week? | Seven | Five | Nine | Twelve
      How many legs does a spider have? | Eight | Six | Four | Ten
      Which metal is attracted by a magnet? | Iron | Gold | Copper | Silver
      On which continent is Brazil? | South America | Africa | Asia | Europe
      In which country are the pyramids of Giza? | Egypt | Mexico | India | Greece
      Which language is spoken in Portugal? | Portuguese | Polish | Persian | Punjabi
      What is frozen water called? | Ice | Steam | Sand | Salt
      Which animal is the largest on earth? | The blue whale | The elephant | The horse | The tiger
      Which organ pumps blood through the body? | The heart | The liver | The stomach | The skin
      What is the currency of the United States? | The dollar | The yen | The euro | The rouble
      Which star gives us daylight? | The sun | The moon | The pole star | Sirius
      What is the opposite direction of north? | South | East | West | Up
      What does a thermometer measure? | Temperature | Weight | Distance | Sound
      Which season follows winter? | Spring | Autumn | Summer | Monsoon
    `),
  },
  {
    id: 'sense',
    name: 'Everyday sense',
    items: asked(`
      What do you use to open a locked door? | A key | A spoon | A pillow | A cup
      What do you need when it rains? | An umbrella | Sunglasses | A fan | A ladder
      Where do you keep milk so that it stays fresh? | In the refrigerator | In the oven | On the roof | In the washing machine
      What do you do when you are thirsty? | Drink water | Read a map | Paint a wall | Sharpen a pencil
      What happens to ice in the sun? | It melts | It burns | It grows | It sings
      What do you use to cut paper? | Scissors | A towel | A bucket | A sponge
      What do you wear on your feet? | Shoes | Gloves | A hat | A scarf
      Where do you go to borrow books? | To the library | To the bakery | To the airport | To the beach
      What do you do before you cross a street? | Look both ways | Close your eyes | Sit down | Start to sing
      What happens if you drop a glass on stone? | It breaks | It floats | It rusts | It melts
      What do you use to write on paper? | A pen | A fork | A shoe | A lamp
      Who repairs a broken tooth? | A dentist | A pilot | A baker | A lawyer
      What do you put on a letter before you send it? | A stamp | A button | A leaf | A coin
      Why do people wear a coat in winter? | To stay warm | To run faster | To sleep less | To see better
      What do you do with a dirty shirt? | Wash it | Eat it | Plant it | Read it
      Where do fish live? | In water | In trees | In clouds | In drawers
      What is needed to make bread? | Flour | Cement | Petrol | Ink
      What do you use to dry your hands? | A towel | A brick | A candle | A stone
      What do you do when the light is red? | Stop | Speed up | Jump out | Fall asleep
      Which of these can fly? | A sparrow | A cow | A snail | A dog
    `),
  },
  {
    id: 'words',
    name: 'Meaning of words',
    items: asked(`
      What is the opposite of "hot"? | Cold | Warm | Tall | Loud
      What is the opposite of "early"? | Late | Soon | Fast | Thin
      What is the opposite of "empty"? | Full | Open | Heavy | Dark
      What is the opposite of "to buy"? | To sell | To walk | To cook | To sing
      What is the opposite of "rough"? | Smooth | Green | Sour | Narrow
      What is the opposite of "victory"? | Defeat | Music | Garden | Winter
      Which word means nearly the same as "big"? | Large | Quiet | Sweet | Late
      Which word means nearly the same as "quick"? | Fast | Wet | Poor | Round
      Which word means nearly the same as "to begin"? | To start | To lose | To sleep | To fall
      Which word means nearly the same as "angry"? | Furious | Hungry | Wooden | Distant
      Which word means nearly the same as "to repair"? | To fix | To hide | To burn | To count
      Which word means nearly the same as "rich"? | Wealthy | Cloudy | Narrow | Silent
      What kind of thing is a rose? | A flower | A metal | A city | A tool
      What kind of thing is a hammer? | A tool | A fruit | A bird | A river
      What kind of thing is a violin? | An instrument | A vegetable | A vehicle | A planet
      What kind of thing is a salmon? | A fish | A tree | A stone | A dress
      What is a young dog called? | A puppy | A kitten | A calf | A chick
      What is a person who bakes bread called? | A baker | A sailor | A judge | A nurse
      What is the plural of "child"? | Children | Childs | Childes | Childrens
      What is the past tense of "go"? | Went | Goed | Gone to | Wented
    `),
  },
  {
    id: 'grammar',
    name: 'Grammar',
    items: pairs(
      'Write one sentence in good English.',
      `
      The keys to the cabinet are on the table. | The keys to the cabinet is on the table.
      The man with the dogs lives here. | The man with the dogs live here.
      She has written three letters. | She has wrote three letters.
      They were late because it rained. | They was late because it rained.
      Nobody knows where he went. | Nobody know where he went.
      He gave the book to me. | He gave the book to I.
      These apples taste sweet. | This apples taste sweet.
      I have lived here for ten years. | I have live here for ten years.
      The children played in the garden. | The childs played in the garden.
      If I were you, I would wait. | If I were you, I would waited.
      An old house stood on the hill. | A old house stood on the hill.
      She sings better than her sister. | She sings more good than her sister.
      The teacher told us a story. | The teacher told we a story.
      Each of the boys has a bicycle. | Each of the boys have a bicycle.
      We did not see anything. | We did not saw anything.
      He does not like coffee. | He do not like coffee.
      There are many people outside. | There is many people outside.
      My brother and I went home. | My brother and me went to homes.
      The book that I bought is new. | The book that I bought are new.
      You should eat more fruit. | You should eating more fruit.
      `,
    ),
  },
  { id: 'sums', name: 'Sums', items: sums },
  {
    id: 'order',
    name: 'What comes next',
    items: asked(`
      What comes next: Monday, Tuesday, Wednesday? | Thursday | Sunday | Monday | Saturday
      What comes next: January, February, March? | April | June | May | December
      What comes next: A, B, C, D? | E | G | A | F
      What comes next: 2, 4, 6, 8? | 10 | 9 | 12 | 11
      What comes next: 5, 10, 15, 20? | 25 | 30 | 21 | 24
      What comes next: 10, 9, 8, 7? | 6 | 8 | 5 | 11
      What comes next: 1, 2, 4, 8? | 16 | 10 | 12 | 9
      What comes next: spring, summer, autumn? | Winter | Summer | Morning | Monday
      What comes next: morning, noon, evening? | Night | Noon | Week | Spring
      What comes next: first, second, third? | Fourth | Last | Sixth | First
      What comes next: one hundred, two hundred, three hundred? | Four hundred | Six hundred | One thousand | Five
      What comes next: X, Y? | Z | W | A | V
      What comes next: 3, 6, 9, 12? | 15 | 14 | 18 | 13
      What comes next: 100, 90, 80, 70? | 60 | 50 | 65 | 75
      What comes next: egg, chick? | Hen | Cow | Nest | Fish
      What comes next: 1, 3, 5, 7? | 9 | 8 | 10 | 11
    `),
  },
  {
    id: 'code',
    name: 'Code',
    items: pairs(
      'Write one line of Python.',
      `
      for i in range(10): print(i) | for i on range(10): print(i)
      if x == 3: print("three") | if x = 3: print("three")
      def add(a, b): return a + b | def add(a, b): return a plus b
      numbers = [1, 2, 3] | numbers = [1, 2, 3)
      import math | imports math
      while n > 0: n = n - 1 | while n > 0 then n = n - 1
      print(len("hello")) | print(length("hello"))
      ages = {"Ann": 30, "Ben": 25} | ages = {"Ann" = 30, "Ben" = 25}
      x = 5 if y else 6 | x = if y 5 else 6
      total = sum([1, 2, 3]) | total = sum of [1, 2, 3]
      text = "a" + "b" | text := "a" & "b";
      with open("file.txt") as f: data = f.read() | with open("file.txt") is f: data = f.read()
      squares = [x * x for x in range(5)] | squares = [x * x of x in range(5)]
      assert value is not None | assert value not is None
      try: run() | tries: run()
      from os import path | import path of os
      `,
    ),
  },
];
