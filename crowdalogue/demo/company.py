# ruff: noqa: E501, SIM905  (one product a line of words; names as a plain row of words)
"""The invented company: what it sells, where, who works there, whom it competes with. Nothing here is real."""

from __future__ import annotations

from dataclasses import dataclass

BRAND = "Brindlecove"
CARRIERS = (("Swiftmoor", 0.45), ("Hollin Post", 0.35), ("Peregrine", 0.2))
AGENTS = ("Ines", "Tomas", "Aiko", "Bram", "Leila", "Oskar", "Nuria", "Femke", "Samir", "Greta")


@dataclass(frozen=True)
class Product:
    name: str
    thing: str
    price: int
    weight: float  # how often it sells
    parts: tuple[str, ...]
    faults: tuple[str, ...]  # after "the product"
    uses: tuple[tuple[str, str], ...]  # a question, and its answer
    good: tuple[str, ...]


PRODUCTS = (
    Product("Tarn Kettle", "kettle", 59, 1.4, ("lid", "limescale filter", "base"),
        ("switches off before it boils", "[hums|whines] like a jet", "has rust [spots|marks] inside", "takes ten minutes to boil", "has a lid that won't close", "tastes of plastic"),
        (("[How do I|What's the best way to] descale it?", "Fill it half with water, add two spoons of citric acid, boil once and leave it for twenty minutes."), ("Can I boil [milk|soup] in it?", "Please only water: milk burns onto the plate and the kettle switches off."), ("What does [the blue light|blue blinking] mean?", "It keeps the water at 80 degrees; press the light for two seconds to switch that off.")),
        ("it boils [in no time|before I've found a cup]", "it pours without a drip", "it's [so quiet|beautifully quiet]")),
    Product("Ember Toaster", "toaster", 69, 1.1, ("crumb tray", "bun rack", "lever"),
        ("burns one side only", "doesn't [pop up|stay down] any more", "smells of [burning|hot plastic]", "ignores the dial", "has a lever that sticks", "blew the fuse [twice|this morning]"),
        (("How do I get the crumbs out?", "The tray slides out at the back; tap it over the sink, no water please."), ("Does it take [thick slices|sourdough|bagels]?", "Up to four centimetres. For bagels press the half-moon, then only the cut side browns."), ("Can I toast from frozen?", "Yes, press the snowflake first; it adds about a minute.")),
        ("toast comes out even on both sides", "it fits our thick bread", "the bagel button is a joy")),
    Product("Drift Robot Vacuum", "robot vacuum", 349, 1.0, ("side brush", "dust bag", "charging dock"),
        ("can't find its dock", "goes round in circles", "won't connect to the [wifi|wi-fi|app]", "[eats|swallows] cables and stops", "says 'wheel stuck' when it isn't", "forgot the map [again|of the whole flat]", "only charges [to half|sometimes]"),
        (("How do I [reset the map|make a new map]?", "Hold home and start together until it chimes, then let it run once with all doors open."), ("Does it [work on|manage] thick carpets?", "Up to two centimetres of pile; above that choose 'strong' in the app."), ("How do I keep it out of the [nursery|dog's corner|study]?", "Draw a red line in the app's map, or lay the magnetic strip that came with it."), ("How often do the brushes need changing?", "About every six months; the app tells you, and they click out without tools.")),
        ("the floor is clean when I come home", "the cat rides on it", "it finds every crumb", "it gets under the sofa")),
    Product("Moss Air Purifier", "air purifier", 199, 0.9, ("filter", "front grille", "sensor"),
        ("rattles at night", "shows red all the time", "smells [sour|of wet dog] since the new filter", "turns itself up for no reason", "blinks and does nothing"),
        (("When do I change the filter?", "About twice a year; hold the leaf for five seconds after changing to reset the counter."), ("Can it run all night?", "Yes, night mode is about as loud as a whisper and uses four watts."), ("Does it help [with pollen|against smoke|with cat hair]?", "It does; put it near the window you open most and choose 'auto'.")),
        ("my hay fever is so much better", "the bedroom smells fresh", "you can't hear it at night")),
    Product("Fathom Blender", "blender", 129, 1.5, ("seal", "jug", "blade"),
        ("[smells|smelled] of burnt rubber", "stops in the middle", "is louder than a lawn mower", "doesn't crush ice [any more|at all]", "won't lock into the base"),
        (("Can I blend hot soup in it?", "Let it cool to about sixty degrees and take the cap out of the lid, so that steam can leave."), ("Is the jug dishwasher safe?", "Jug and lid yes, on the top rack. The blade by hand, please: it's sharp."), ("How do I get the blade out?", "Turn the jug over and turn the ring to the left with the key that came in the box.")),
        ("smoothies are silky", "it crushes ice like nothing", "it makes soup in minutes")),
    Product("Loft Desk Lamp", "lamp", 89, 0.8, ("clamp", "arm spring", "adapter"),
        ("flickers", "won't stay up", "only shines in yellow", "turns off by itself", "buzzes quietly but constantly"),
        (("[Which|What] bulb does it take?", "The light is built in and lasts about twenty years; there is no bulb to change."), ("How thick may the desk be for the clamp?", "Up to six centimetres; for thicker ones we send the long screw free of charge."), ("Can it dim?", "Stroke the arm upwards or downwards; a double tap brings back the last level.")),
        ("the light is warm and doesn't tire my eyes", "it looks better than in the pictures", "it stays exactly where I put it")),
    Product("Pebble Speaker", "speaker", 79, 1.2, ("strap", "charging cable", "cover"),
        ("won't pair with my phone", "[crackles|hisses] at low volume", "loses the connection in the next room", "lasts two hours on a charge", "has one dead button"),
        (("How do I pair [a second phone|two of them]?", "Hold the dot until it sounds twice, then choose Pebble on the phone; two pebbles find each other when both blink."), ("Is it waterproof?", "It survives rain and a fall into the bath, thirty minutes at most."), ("Does it have a microphone?", "No, there's none in it; it only plays.")),
        ("the sound is huge for its size", "the battery lasts all weekend", "it survived the lake")),
    Product("Rill Water Jug", "water jug", 39, 1.1, ("cartridge", "lid", "counter"),
        ("leaves black bits in the water", "filters painfully slowly", "has a counter that's dead", "has a lid that falls off when pouring"),
        (("How many litres does a cartridge last?", "About 150 litres, or four weeks; the counter shows a drop when it's time."), ("Do I have to soak the cartridge first?", "Rinse it for half a minute and throw away the first two jugs, then it's ready."), ("Does it fit in a fridge door?", "Yes, it was made for that: it's nine centimetres deep.")),
        ("tea tastes [so much better|as it should]", "no more limescale in the kettle", "no more carrying bottles")),
    Product("Gale Hair Dryer", "hair dryer", 99, 0.9, ("diffuser", "nozzle", "filter cap"),
        ("cuts out after a minute", "smells of singed hair", "only blows cold", "makes a [grinding|clicking] noise", "gets too hot to hold"),
        (("How do I clean the filter?", "Turn the cap at the end of the handle to the left and brush it off, once a month."), ("Does it work in [America|Japan|the US]?", "It takes 220 to 240 volts only, so no, a plug adapter isn't enough."), ("What is the cold button for?", "It sets the hair after drying: ten seconds at the end.")),
        ("my hair dries in half the time", "it's light enough for travel", "no more frizz")),
    Product("Cairn Espresso Machine", "espresso machine", 429, 0.7, ("portafilter", "milk jug", "water tank", "drip tray"),
        ("makes watery coffee", "leaves a puddle of water on the plate", "won't steam", "says 'descale' although I just did", "is slow and groans", "blows the coffee past the filter"),
        (("How fine should I grind?", "So that a double runs for about twenty-five seconds: finer if it's quicker, coarser if slower."), ("How do I [descale|clean] it?", "Press cup and steam together, follow the light; it takes half an hour and one sachet."), ("Can I use [coffee pods|ground coffee] in it?", "Ground coffee yes, with the smaller basket; pods no, sorry.")),
        ("the crema is perfect", "better coffee than round the corner", "it's hot in a minute", "guests ask for a second cup")),
)  # fmt: skip
BY_NAME = {product.name: product for product in PRODUCTS}
RIVALS = (("Northgale", "northgale"), ("Quillmark", "quillmarkhome"))

# City, country as written, language; invented places.
CITIES = {
    "en": (
        "Harrowmere",
        "Eastwick Bay",
        "Little Tarrow",
        "Port Ellan",
        "Wexcombe",
        "Fernhollow",
        "Kingsmarsh",
        "Dunmoor",
    ),
    "de": ("Altenbruch am See", "Neuwalden", "Königsfurt", "Lindenthal-Süd", "Birkenau am Berg"),
    "fr": ("Valmorte-sur-Loue", "Montclair-le-Vieux", "Port-Saint-Aubrac", "Beaurivel"),
    "es": ("Villaseca del Mar", "Puerto Almendra", "Torrealba la Nueva"),
    "sv": ("Granvik", "Älvsnäs", "Norrfors", "Björkhamn"),
}
COUNTRIES = {"en": "GB", "de": "DE", "fr": "FR", "es": "ES", "sv": "SE"}
LANGUAGES = (("en", 0.77), ("de", 0.09), ("fr", 0.06), ("es", 0.045), ("sv", 0.035))
FIRST = {
    "en": "Ada Alfie Amos Bea Callum Clara Daisy Dylan Edith Elsie Ewan Faye Felix Fiona George Hattie Hugo Imogen Iris Jasper Jodie Kit Leah Lowell Mabel Marcus Maya Nell Niall Olive Otis Owen Pearl Percy Phoebe Quentin Rhys Rosa Rowan Ruby Seth Sienna Stella Tabitha Tess Theo Una Vera Wilf Zara Priya Arjun Mei Kofi Amara Yusuf".split(),
    "de": "Anneke Birte Carsten Dörte Eike Fenja Gesa Hauke Inga Jürgen Katrin Lennart Malte Nele Ole Petra Ralf Silke Thies Ulla Volker Wiebke".split(),
    "fr": "Agathe Baptiste Camille Delphine Émile Fanny Gaspard Hélène Inès Jules Léa Mathis Noémie Océane Pascal Quentin Rémi Solène Thibault Yvette".split(),
    "es": "Álvaro Beatriz Carmen Diego Elena Fermín Gloria Hugo Inés Javier Lucía Marta Nuria Óscar Pilar Raquel Sergio Teresa".split(),
    "sv": "Agneta Björn Cilla Dag Ebba Folke Gun Hedda Ivar Jonna Kalle Lovisa Märta Nils Olle Pernilla Rune Saga Tove Åsa".split(),
}  # fmt: skip
LAST = {
    "en": "Ashgrove Bellweather Carrowby Dunnock Elderfield Fallowes Garrick Hollins Ivesdale Jessamy Kettlewick Larkmoor Merrin Netherby Oakhanger Pellow Quince Ravensby Sallow Thistleton Underhay Vellacott Wainscott Yarrow Adeyo Chandrekar Lingwei Okonjo".split(),
    "de": "Ackerbach Brunnholz Dornseif Eichfelder Grünspan Hasenkamp Immergut Kornblum Lerchental Moorbauer Nussbichler Rabenhold Steinfurth Tannried Weidenbrück".split(),
    "fr": "Aubrepin Boisclair Chantelune Delacombe Fontvieille Grandpré Hautbois Lavallière Montjoie Noirmont Petitfour Rochebrune Sautereau".split(),
    "es": "Almendral Buenrostro Campoflor Delmonte Encinares Fuenteclara Higueral Matarrosa Olivares Peñalta Ribagorda Salvatierra".split(),
    "sv": "Alhage Björkdal Ekesund Forsvik Granlöv Hedmark Isbrand Lindskär Norrby Rönnholm Sjödal Tallberg Vintergren".split(),
}  # fmt: skip
NICKS = "quiet tiny mad sunny salty rusty lazy happy night paper copper velvet frosty lucky plain curly misty loud humble spicy".split()
ANIMALS = "otter heron badger kettle pigeon turnip marmot teapot beetle magpie walnut comet sparrow pickle lantern hedgehog puffin biscuit cactus ferret".split()
RELATIVES = (
    "sister",
    "brother",
    "mother",
    "father",
    "wife",
    "husband",
    "daughter",
    "son",
    "neighbour",
    "aunt",
    "flatmate",
    "boss",
)
