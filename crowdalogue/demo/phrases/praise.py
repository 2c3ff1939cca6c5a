"""English: praise, for products and for people; and reviews."""

# ruff: noqa: E501  (one phrase a line, however long)

from __future__ import annotations

from crowdalogue.demo.phrases import Topic

PRAISE = {
    "praise": Topic(
        what=(
            "[Love|Absolutely love|Really like] [my|our|the] [new |]<product>, <good>.",
            "[Just wanted to say|Only wanted to tell you]: the <product> [is brilliant|is great|makes me happy every morning], <good>.",
            "[Three|Two|Four] [months|weeks] with the <product> and [still in love|no complaints|I'd buy it again], <good>.",
            "[Best thing|Best purchase] [in our kitchen|I've made this year|since the fridge]: the <product>, <good>.",
            "The <product> [survived|has survived] [two kids|a house move|my <relative>] and <good>.",
            "[Bought a second <product>|Got another <product>] for my <relative>, [that says it all|need I say more]. [Everyone notices that|And] <good>.",
        ),
        more=(
            "[Keep it up|Please never change it|Don't change a thing].",
            "[Delivery took one day|It was here the next day|Came well packed too].",
            "[Worth every cent|Not cheap, but worth it|Fair price too].",
            "[My <relative> wants one now|All my friends ask where it's from].",
        ),
        answer=(
            "[That made our day|What a lovely message], thank you. [I'll tell the people who built it|I'm passing it on to the workshop].",
            "[So glad|How nice to hear|Good to know] [you like the <product>|the <thing> is at home with you], <first>. [All the best to <city>|Enjoy it|Come and say hello in <city>].",
            "[Thanks|Thank you], <first>. [The <part> took us a year to get right|We test every <thing> before it leaves|You've picked my favourite of ours], [so this is good to read|this means a lot].",
            "[Thank you|Thanks so much] for [taking the time|telling us]. [Enjoy it|May it last for years].",
        ),
    ),
    "praise_service": Topic(
        what=(
            "[<agent> was|Your colleague <agent> was] [so helpful|wonderful|patient and kind]: [my problem was gone in five minutes|sorted in one call|fixed it the same day].",
            "[Big thanks|Thank you] to <agent> [in the chat|on the phone|in the <city> store], [who didn't give up|who knew at once what to do].",
            "[Broken on <weekday>, replaced two days later|New part in two days], [no questions asked|no fuss]. [That's service|So it can be done].",
            "[I was furious|I was ready to leave], and <agent> [turned it around|made it right]. [Respect|Well done].",
        ),
        more=(
            "[Give that person a raise|Please tell the boss].",
            "[I'll be back|I'll order again|You've kept a customer].",
        ),
        answer=(
            "[I've passed this on to <agent>|<agent> will be delighted], thank you.",
            "[Thank you|Thanks], [we'll hang this on the wall|that goes on our wall].",
        ),
    ),
}

# Titles of reviews by stars.
TITLES = {
    5: (
        "[Love it|Perfect|Couldn't be happier|Great|Would buy again|Exactly what I wanted|Five stars from all of us]",
        "[Best <thing> ever|Best <thing> I've owned|A wonderful <thing>]",
        "[Quiet|Pretty|Solid] and [good|reliable|quick]",
    ),
    4: (
        "[Very good|Good|Nearly perfect|Happy with it]",
        "[Good, with one but|Small things aside, great|One star off for the <part>]",
        "[Solid <thing>|A good <thing>]",
    ),
    3: (
        "[It's okay|Average|Mixed feelings|So-so|Does the job]",
        "[Expected more|Nice looks, mediocre inside|Fine for the price]",
    ),
    2: ("[Disappointed|Not great|Not for me]", "[Had hoped for more|Would not buy again|Too many little problems]"),
    1: (
        "[Broke|Stay away|Waste of money|Terrible|Never again]",
        "[Returned it|Went straight back]",
        "[Leaks|Does not last|Useless after a week]",
    ),
}
MIDDLING = (
    "[It does what it should|It works], [but|though] <but>.",
    "[Looks great|Pretty on the shelf], [however|only] <but>.",
    "[For the price|For <amount>] [it's fine|it will do], [but|although] <but>.",
    "[After a month|After <days> weeks]: <good>, [but|yet] <but>.",
)
BUTS = (
    "the cable is [too short|rather short]",
    "it's [louder|heavier|bigger] than [I thought|the pictures suggest]",
    "cleaning [takes ages|is a pain|needs a brush]",
    "the <part> [feels cheap|is flimsy|doesn't fit well]",
    "the manual is [no help|hard to read]",
    "[it smelled of plastic for a week|the plastic smell took days to go]",
    "[the light is far too bright at night|the beeping drives me mad]",
    "[delivery was slow|it came late]",
)
