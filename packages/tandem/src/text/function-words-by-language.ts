/**
 * Function words by language (ISO 639-1): articles, pronouns, question words, auxiliaries, prepositions, conjunctions. Of Danish, Dutch,
 * Finnish, French, German, Hungarian, Italian, Norwegian, Portuguese, Russian, Spanish, Swedish and Turkish these are Snowball's lists
 * (BSD, Martin Porter and Richard Boulton) with their missing question words, and without words that can be what a question is after
 * (numbers, "été" for summer, "Weg", "estado"). English ones are in `function-words.ts`.
 */
export const functionWordsByLanguage: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries({
    ar: `
      من في على إلى عن مع هذا هذه هذان ذلك تلك هؤلاء أولئك الذي التي الذين اللذان اللتان اللاتي ما ماذا هل متى أين كيف كم لماذا أي أية
      هو هي هم هن هما أنا أنت نحن كان كانت كانوا يكون تكون ليس ليست لا لم لن إن أن إذا إذ لو قد لقد ثم أو أم بل لكن و ف ب ل ك كل بعض غير
      بين بعد قبل عند عندما حيث حتى منذ خلال منها منه فيها فيه عليه عليها له لها لهم به بها كما مما وهو وهي والتي والذي ولم ولا وما أما
      أنه أنها`,
    be: `
      а або аб але бо без быў была было былі быць ва вы від вельмі для да до дзе ды ён яна яно яны е ж за з і іх каб каго калі каля кім
      мы мяне на над не ні о па пад пасля паміж пра праз пры са сам сваё свае свой сябе там таго так такі таксама тут тым ты ў у хто
      чаму чым што шмат як які якая якое якія яго яе яму гэта гэты гэтая гэтыя`,
    bg: `
      а ако ала без беше би били бил била било в вас ви вие все всеки всички във върху где го да дали до докато е един една едно за защо
      и или им има като как каква какво какъв какви кога който която което които коя кое кой колко към къде ли ме между ми много може му
      на над най нас не нещо ни ние но някои някой няма о обаче от отколкото по под поради преди през при с са сам само се си след
      според със съм също така там тази тези те ти то този той това тогава толкова тук тя тях у ще я`,
    ca: `
      a al als amb aquell aquella aquelles aquells aquest aquesta aquestes aquests com de del dels des doncs el ella elles ells els em
      en entre era eren es és et fins ha han havia hi ho i jo la les li llur lo m me meu més molt ni no nosaltres o on per perquè però
      que què qual quals quan quin quina quines quins s sense ser seu seus seva seves si sobre sota són també tan tot tota totes tots un
      una unes uns vosaltres`,
    cs: `
      a aby ale ani asi az až bez bude budou by byl byla byli bylo být či co což do i já jak jako je jeho jej její jejich jen ještě ji
      jsem jsme jsou již k kam kde kdo když která které kteří který ku ma má mají me mezi mi mít mnou my na nad nám námi nás náš ne nebo
      než nic o od on ona oni ono po pod podle pokud pouze pro proč proto protože před při s se si sice své svůj ta tak také tato tedy
      tento ti to toho tom tomu tu ty u už v ve však vy z za ze že`,
    da: `
      og i jeg det at en den til er som på de med han af for ikke der var mig sig men et har om vi min havde ham hun nu over da fra du
      ud sin dem os op man hans hvor eller hvad skal selv her alle vil blev kunne ind når være dog noget ville jo deres efter ned skulle
      denne end dette mit også under have dig anden hende mine alt meget sit sine vor mod disse hvis din nogle hos blive mange ad bliver
      hendes været thi jer sådan hvem hvilken hvilket hvilke hvorfor hvordan hvornår hvorhen samt samme`,
    de: `
      aber alle allem allen aller alles als also am an ander andere anderem anderen anderer anderes anderm andern anderr anders auch auf
      aus bei bin bis bist da damit dann der den des dem die das daß derselbe derselben denselben desselben demselben dieselbe dieselben
      dasselbe dazu dein deine deinem deinen deiner deines denn derer dessen dich dir du dies diese diesem diesen dieser dieses doch
      dort durch ein eine einem einen einer eines einig einige einigem einigen einiger einiges einmal er ihn ihm es etwas euer eure
      eurem euren eurer eures für gegen gewesen hab habe haben hat hatte hatten hier hin hinter ich mich mir ihr ihre ihrem ihren ihrer
      ihres euch im in indem ins ist jede jedem jeden jeder jedes jene jenem jenen jener jenes jetzt kann kein keine keinem keinen
      keiner keines können könnte man manche manchem manchen mancher manches mein meine meinem meinen meiner meines mit muss musste nach
      nicht nichts noch nun nur ob oder ohne sehr sein seine seinem seinen seiner seines selbst sich sie ihnen sind so solche solchem
      solchen solcher solches soll sollte sondern sonst über um und uns unse unsem unsen unser unses unter viel vom von vor während war
      waren warst was weil weiter welche welchem welchen welcher welches wenn werde werden wie wieder will wir wird wirst wo wollen
      wollte würde würden zu zum zur zwar zwischen wer wem wen wessen warum wieso weshalb wann wohin woher dass beim ans ab außer sowie
      bereits sei seien würdet hast habt hätte hätten hattest könnten konnte konnten darf dürfen muß müssen solltest wollten wurde
      wurden worden werdet seid sowohl`,
    el: `
      ο η το οι τα του της των τον την τους τις στο στη στην στον στα στους στις ένας μια μία ένα και κι ή αλλά όμως ότι πως που για με
      σε από προς κατά μετά παρά αντί χωρίς ως μέχρι αν να θα δε δεν μη μην ναι όχι είναι ήταν είμαι είσαι είμαστε έχει έχουν είχε είχαν
      αυτός αυτή αυτό αυτοί αυτές αυτά αυτού αυτών εκείνος εκείνη εκείνο τι ποιος ποια ποιο ποιοι ποιες ποιους ποιον ποιας πότε πού πώς
      γιατί πόσο πόσα πόσοι πόσες μου σου μας σας εγώ εσύ εμείς εσείς όπως όταν ενώ επίσης`,
    es: `
      de la que el en y a los del se las por un para con no una su al lo como más pero sus le ya o este sí porque esta entre cuando muy
      sin sobre también me hasta hay donde quien desde todo nos durante todos les ni contra otros ese eso ante ellos e esto mí antes
      algunos qué unos yo otro otras otra él tanto esa estos mucho quienes nada muchos cual poco ella estar estas algunas algo nosotros
      mi mis tú te ti tu tus ellas nosotras os mío mía míos mías tuyo tuya tuyos tuyas suyo suya suyos suyas nuestro nuestra nuestros
      nuestras vuestro vuestra vuestros vuestras esos esas estoy estás está estamos estáis están esté estés estemos estéis estén estaré
      estarás estará estaremos estaréis estarán estaría estarías estaríamos estaríais estarían estaba estabas estábamos estabais estaban
      estuve estuviste estuvo estuvimos estuvisteis estuvieron estuviera estuvieras estuviéramos estuvierais estuvieran estuviese
      estuvieses estuviésemos estuvieseis estuviesen estando estad he has ha hemos habéis han haya hayas hayamos hayáis hayan habré
      habrás habrá habremos habréis habrán habría habrías habríamos habríais habrían había habías habíamos habíais habían hube hubiste
      hubo hubimos hubisteis hubieron hubiera hubieras hubiéramos hubierais hubieran hubiese hubieses hubiésemos hubieseis hubiesen
      habiendo habido habida habidos habidas soy eres es somos sois son sea seas seamos seáis sean seré serás será seremos seréis serán
      sería serías seríamos seríais serían era eras éramos erais eran fui fuiste fue fuimos fuisteis fueron fuera fueras fuéramos
      fuerais fueran fuese fueses fuésemos fueseis fuesen tengo tienes tiene tenemos tenéis tienen tenga tengas tengamos tengáis tengan
      tendré tendrás tendrá tendremos tendréis tendrán tendría tendrías tendríamos tendríais tendrían tenía tenías teníamos teníais
      tenían tuve tuviste tuvo tuvimos tuvisteis tuvieron tuviera tuvieras tuviéramos tuvierais tuvieran tuviese tuvieses tuviésemos
      tuvieseis tuviesen teniendo tenido tenida tenidos tenidas tened cuál cuáles cuándo dónde cómo quién quiénes cuánto cuánta cuántos
      cuántas cuyo cuya cuyos cuyas vosotros vosotras según hacia mientras aunque pues si sino`,
    fa: `
      از است این آن با بر برای بود بودند به تا چه چرا چند چگونه چیست خود در دارد دارند را شد شده شدند کجا کدام که کی کند کنند کرد کرده
      ما من می نمی نیز نیست ها های هر هم همین هیچ و ولی وی یا یک او آنها ایشان اما اگر باید بین پس پیش باشد باشند شود شوند`,
    fi: `
      olla olen olet on olemme olette ovat ole oli olisi olisit olisin olisimme olisitte olisivat olit olin olimme olitte olivat ollut
      olleet en et ei emme ette eivät minä minun minut minua minussa minusta minuun minulla minulta minulle sinä sinun sinut sinua
      sinussa sinusta sinuun sinulla sinulta sinulle hän hänen hänet häntä hänessä hänestä häneen hänellä häneltä hänelle me meidän
      meidät meitä meissä meistä meihin meillä meiltä meille te teidän teidät teitä teissä teistä teihin teillä teiltä teille he heidän
      heidät heitä heissä heistä heihin heillä heiltä heille tämä tämän tätä tässä tästä tähän tallä tältä tälle tänä täksi tuo tuon
      tuotä tuossa tuosta tuohon tuolla tuolta tuolle tuona tuoksi se sen sitä siinä siitä siihen sillä siltä sille siksi nämä näiden
      näitä näissä näistä näihin näillä näiltä näille näinä näiksi nuo noiden noita noissa noista noihin noilla noilta noille noina
      noiksi ne niiden niitä niissä niistä niihin niillä niiltä niille niinä niiksi kuka kenen kenet ketä kenessä kenestä keneen kenellä
      keneltä kenelle kenenä keneksi ketkä keiden keitä keissä keistä keihin keillä keiltä keille keinä keiksi mikä minkä mitä missä
      mistä mihin millä miltä mille miksi mitkä joka jonka jota jossa josta johon jolla jolta jolle jona joksi jotka joiden joita joissa
      joista joihin joilla joilta joille joina joiksi että ja jos koska kuin mutta niin sekä tai vaan vai vaikka kanssa mukaan noin
      poikki yli kun nyt itse milloin kuinka miten onko eikä joko`,
    fr: `
      au aux avec ce ces dans de des du elle en et eux il je la le leur lui ma mais me même mes moi mon ne nos notre nous on ou par pas
      pour qu que qui sa se ses son sur ta te tes toi ton tu un une vos votre vous c d j l à m n s t y étant étante étants étantes suis
      es est sommes êtes sont serai seras sera serons serez seront serais serait serions seriez seraient étais était étions étiez
      étaient fus fut fûmes fûtes furent sois soit soyons soyez soient fusse fusses fût fussions fussiez fussent ayant ayante ayantes
      ayants eu eue eues eus ai as avons avez ont aurai auras aura aurons aurez auront aurais aurait aurions auriez auraient avais avait
      avions aviez avaient eut eûmes eûtes eurent aie aies ait ayons ayez aient eusse eusses eût eussions eussiez eussent quel quelle
      quels quelles lequel laquelle lesquels lesquelles dont où quand comment pourquoi combien cet cette si plus sans sous entre comme
      très aussi être avoir quoi donc car ni puis`,
    hi: `
      का की के को में से पर ने है हैं था थी थे हो हुआ हुई हुए होता होती होते होना होने गया गई गए कर करना करने किया और या एवं तथा लेकिन
      किन्तु परन्तु कि जो जिस जिसे जिसका जिसकी जिसके जिन जिन्हें जिन्होंने वह वे यह ये उस उसे उसका उसकी उसके उन उन्हें उनका उनकी उनके इस
      इसे इसका इसकी इसके इन इन्हें इनका इनकी इनके मैं हम तुम आप मेरा हमारा तुम्हारा आपका अपना अपनी अपने क्या कौन कब कहाँ कहां कैसे क्यों
      कितना कितनी कितने किस किसे किसका किसकी किसके किसने किन भी ही तो न नहीं ना तक साथ लिए द्वारा एक कुछ कोई सब सभी जब तब यदि अगर रहा
      रही रहे जा जाता जाती जाते सकता सकती सकते`,
    hu: `
      a ahogy ahol aki akik akkor alatt által általában amely amelyek amelyekben amelyeket amelyet amelynek ami amit amolyan amíg amikor
      át abban ahhoz annak arra arról az azok azon azt azzal azért aztán azután azonban bár be belül benne csak de e eddig egész egy
      egyes egyetlen egyéb egyik egyre ekkor el elég ellen elő először előtt én éppen ebben ehhez emilyen ennek erre ez ezt ezek ezen
      ezzel ezért és fel felé hanem hiszen hogy hogyan igen így illetve ill ilyen ilyenkor ismét itt jól kell kellett keresztül ki kívül
      között közül legalább lehet lehetett legyen lenne lenni lesz lett maga magát majd már más másik meg még mellett mert mely melyek
      mi mit míg miért milyen mikor minden mindent mindenki mindig mint mintha mivel most nagyon ne néha nekem neki nem néhány nélkül
      nincs olyan ott össze ő ők őket pedig persze rá s saját sem semmi sok sokat sokkal számára szemben szerint szinte talán tehát
      tovább továbbá több úgy ugyanis újra után utána vagy vagyis valaki valami valamint való vagyok van vannak volt voltam voltak
      voltunk vissza vele viszont volna hol hány kinek mennyi honnan hová melyik`,
    id: `
      yang dan di ke dari untuk dengan pada adalah ialah ini itu tersebut dalam oleh sebagai atau tidak bukan akan telah sudah sedang
      dapat bisa juga karena bahwa seperti jika kalau maka agar saat ketika apa siapa kapan mana dimana bagaimana mengapa kenapa berapa
      saya aku kami kita kamu anda dia ia mereka nya para namun tetapi tapi serta antara hingga sampai sejak tanpa lebih sangat masih
      hanya lagi pun`,
    it: `
      ad al allo ai agli all agl alla alle con col coi da dal dallo dai dagli dall dagl dalla dalle di del dello dei degli dell degl
      della delle in nel nello nei negli nell negl nella nelle su sul sullo sui sugli sull sugl sulla sulle per tra contro io tu lui lei
      noi voi loro mio mia miei mie tuo tua tuoi tue suo sua suoi sue nostro nostra nostri nostre vostro vostra vostri vostre mi ti ci
      vi lo la li le gli ne il un uno una ma ed se perché anche come dov dove che chi cui non più quale quanto quanti quanta quante
      quello quelli quella quelle questo questi questa queste si tutto tutti a c e i l o ho hai ha abbiamo avete hanno abbia abbiate
      abbiano avrò avrai avrà avremo avrete avranno avrei avresti avrebbe avremmo avreste avrebbero avevo avevi aveva avevamo avevate
      avevano ebbi avesti ebbe avemmo aveste ebbero avessi avesse avessimo avessero avendo avuto avuta avuti avute sono è siamo siete
      sia siate siano sarò sarai sarà saremo sarete saranno sarei saresti sarebbe saremmo sareste sarebbero ero eri era eravamo eravate
      erano fui fosti fu fummo foste furono fossi fosse fossimo fossero essendo faccio fai facciamo fanno faccia facciate facciano farò
      farai farà faremo farete faranno farei faresti farebbe faremmo fareste farebbero facevo facevi faceva facevamo facevate facevano
      feci facesti fece facemmo faceste fecero facessi facesse facessimo facessero facendo sto stai sta stiamo stanno stia stiate stiano
      starò starai starà staremo starete staranno starei staresti starebbe staremmo stareste starebbero stavo stavi stava stavamo
      stavate stavano stetti stesti stette stemmo steste stettero stessi stesse stessimo stessero stando quando quali cosa essere avere
      fra presso oppure ove`,
    nl: `
      de en van ik te dat die in een hij het niet zijn is was op aan met als voor had er maar om hem dan zou of wat mijn men dit zo door
      over ze zich bij ook tot je mij uit der daar haar naar heb hoe heeft hebben deze u want nog zal me zij nu ge geen omdat iets
      worden toch al waren veel meer doen toen moet ben zonder kan hun dus alles onder ja eens hier wie werd altijd doch wordt wezen
      kunnen ons zelf tegen na reeds wil kon niets uw iemand geweest andere welke welk waar wanneer waarom hoeveel waarin waarvoor`,
    no: `
      og i jeg det at en et den til er som på de med han av ikke ikkje der så var meg seg men ett har om vi min mitt ha hadde hun nå
      over da ved fra du ut sin dem oss opp man kan hans hvor eller hva skal selv sjøl her alle vil bli ble blei blitt kunne inn når
      være kom noen noe ville dere deres kun ja etter ned skulle denne for deg si sine sitt mot å meget hvorfor dette disse uten hvordan
      ingen din ditt blir samme hvilken hvilke sånn inni mellom vår hver hvem vors hvis både bare enn fordi før mange også slik vært båe
      begge siden dykk dykkar dei deira deires deim di då eg ein eit eitt elles honom hjå ho hoe henne hennar hennes hoss hossen ingi
      inkje korleis korso kva kvar kvarhelst kven kvi kvifor me medan mi mine mykje no nokon noka nokor noko nokre sia sidan so somt
      somme um upp vere vore verte vort varte vart`,
    pl: `
      a aby ale albo ani bo by był była było były być co czy czyli dla do dlaczego gdy gdzie go i ich im ja jak jakie jaki jaka jako je
      jego jej jest jestem jeśli jeszcze już kiedy kto która które którego której który których którzy lub ma mają mi mnie mu my na nad
      nam nas nie nich nim niż o od on ona one oni oraz po pod przed przez przy się są ta tak także tam te tego tej ten to tu tym tylko
      u w we więc wy z za ze że żeby ile`,
    pt: `
      de a o que e do da em um para com não uma os no se na por mais as dos como mas ao ele das à seu sua ou quando muito nos já eu
      também só pelo pela até isso ela entre depois sem mesmo aos seus quem nas me esse eles você essa num nem suas meu às minha numa
      pelos elas qual nós lhe deles essas esses pelas este dele tu te vocês vos lhes meus minhas teu tua teus tuas nosso nossa nossos
      nossas dela delas esta estes estas aquele aquela aqueles aquelas isto aquilo estou está estamos estão estive esteve estivemos
      estiveram estava estávamos estavam estivera estivéramos esteja estejamos estejam estivesse estivéssemos estivessem estiver
      estivermos estiverem hei há havemos hão houve houvemos houveram houvera houvéramos haja hajamos hajam houvesse houvéssemos
      houvessem houver houvermos houverem houverei houverá houveremos houverão houveria houveríamos houveriam sou somos são era éramos
      eram fui foi fomos foram fora fôramos seja sejamos sejam fosse fôssemos fossem for formos forem serei será seremos serão seria
      seríamos seriam tenho tem temos tém tinha tínhamos tinham tive teve tivemos tiveram tivera tivéramos tenha tenhamos tenham tivesse
      tivéssemos tivessem tiver tivermos tiverem terei terá teremos terão teria teríamos teriam quais onde quanto quanta quantos quantas
      porque cujo cuja cujos cujas aonde sob sobre ser ter haver`,
    ro: `
      a al ai ale alor am are aș ar au avea avem aveți la le li lor lui lua de din dintre despre după prin pe pentru până peste sub cu
      ca că să se și sau dar iar însă nu ne ni nici mai mult un o una unei unui unor în între este e sunt era erau eram ești suntem
      sunteți fi fie fost fiind va vor voi vom vei ea el ei ele eu tu noi mă te îl îi își îmi îți mi ți vă acest această aceste acești
      acel acea acele acei aceasta acesta acestea aceștia care căruia căreia cărora ce cine cui când unde cum cât câtă câți câte dacă
      deci decât doar foarte prea tot toată toți toate sa său săi sale meu mea mei mele tău ta tăi tale nostru noastră noștri noastre
      vostru`,
    ru: `
      и в во не что он на я с со как а то все она так его но да ты к у же вы за бы по только ее мне было вот от меня еще нет о из ему
      теперь когда даже ну вдруг ли если уже или ни быть был него до вас нибудь опять уж вам ведь там потом себя ничего ей может они тут
      где есть надо ней для мы тебя их чем была сам чтоб без будто чего раз тоже себе под будет ж тогда кто этот того потому этого какой
      совсем ним здесь этом один почти мой тем чтобы нее сейчас были куда зачем всех никогда можно при наконец об другой хоть после над
      больше тот через эти нас про всего них какая много разве эту моя впрочем свою этой перед иногда чуть том нельзя такой им более
      всегда конечно всю между кого кому кем чему какого какому каким каких какими какое какие какую каков какова каковы который которая
      которое которые которого которой которому которым которую которых которыми сколько почему откуда чей чья чьё чьи ещё её этих этим
      этими это тех теми является являются также либо свой своего своей своих своим ними`,
    sr: `
      а ако али без би био била било били бити в већ га где да до док дакле за и из или иза им има ими испод између ја је јер јесам јесу
      када како као кога које који која којих којим колико кроз ли ме мене ми мој на над нас наш не него неки није нису ни но о од око
      он она они оно осим па пре при по под после против са сам само се себе сви све свој си смо су ту те ти то тога тако такође тај та
      у уз ће ћу шта што још`,
    sv: `
      och det att i en jag hon som han på den med var sig för så till är men ett om hade de av icke mig du henne då sin nu har inte hans
      honom skulle hennes där min man ej vid kunde något från ut när efter upp vi dem vara vad över än dig kan sina här ha mot alla
      under någon eller allt mycket sedan ju denna själv detta åt utan varit hur ingen mitt ni bli blev oss din dessa några deras blir
      mina samma vilken er sådan vår blivit dess inom mellan sådant varför varje vilka ditt vem vilket sådana vart dina vars vårt våra
      ert era vilkas samt också även`,
    tr: `
      acaba ama aslında az bazı belki biri birkaç birşey biz bu çok çünkü da daha de defa diye eğer en gibi hem hep hepsi her hiç için
      ile ise kez ki kim mı mu mü nasıl ne neden nerde nerede nereye niçin niye o sanki şey siz şu tüm ve veya ya yani bir hangi hangisi
      hangileri kaç kimin kimi kime kimler nedir neydi neler nereden neresi neresidir midir mıdır mudur müdür olan olarak oldu olduğu
      kadar ancak fakat bunlar bunun buna bunu onun onu ona onlar ben sen bana sana üzere göre dır dir tır tir idi`,
    uk: `
      а або але без би був була було були бути в вас вже ви від він вона вони воно все всі всіх де для до є ж же з за зі із і їх їхній
      його її й йому коли кого ким куди ледь ми між мене мені на над нам нас не ні ним ними них о об однак перед при під після по про
      проти саме свій свого своєї своїх себе скільки та так такий також там те тим ти тільки того тому тоді тут у хто це цей ця ці цього
      цієї цих чи чий чому через що щоб щодо як яка яке який які яких якого якої яким якими`,
  }).map(([language, words]) => [language, words.trim().split(/\s+/)]),
);
