"""English: questions, wishes to buy, ideas, changes to an order."""

# ruff: noqa: E501  (one phrase a line, however long)

from __future__ import annotations

from crowdalogue.demo.phrases import Topic

QUESTIONS = {
    "how_to": Topic(
        what=(
            "<use>",
            "[Quick question|A question|Hi, question] about [the|my] <product>: <use>",
            "[I can't find it in the manual|Not in the manual]: <use>",
            "[New owner of a <product> here|Got my <product> yesterday]. <use>",
        ),
        more=(
            "[The booklet is tiny|I've lost the booklet|My booklet is in Finnish].",
            "[Don't want to break anything|I'd rather ask before I break it].",
            "[Otherwise very happy with it|Love it so far].",
        ),
        ask=(
            "[Thanks in advance|Thank you|Cheers].",
            "[Any tip is welcome|A link would do].",
            "[No hurry|Not urgent].",
        ),
        answer=(
            "Good question. <howto>",
            "[Gladly|Of course]. <howto> [It's on page <page> of the manual too|There's a picture on page <page>].",
            "<howto> [Let me know how it goes|Tell me if that works].",
        ),
    ),
    "warranty": Topic(
        what=(
            "[How long is|What is] the [warranty|guarantee] on the <product>?",
            "[I've lost|I can't find] the [receipt|invoice] for my <product>, [bought|ordered] [in <month>|around <date>]. [Is the warranty gone|Does the warranty still count]?",
            "[Does the warranty cover|Is it covered if] [the <part>|a dropped <thing>|wear of the <part>]?",
            "[My <product> is|The <product> is] [thirteen|twenty|twenty-three|eighteen] months old. [Still in warranty|Is that still in warranty]?",
        ),
        more=(
            "[It works fine|Nothing is wrong yet], [just want to know|only asking].",
            "[Bought in your <city> store|Bought online].",
        ),
        ask=(
            "[Can you look it up|Could you check by my name]?",
            "[What would a repair cost|What does it cost otherwise]?",
        ),
        answer=(
            "[It's two years|Two years] from the day of delivery. [I found your order|Your order is <order>], so [no receipt needed|you need no receipt].",
            "[The <part>|That part] counts as wear, but [in the first year we replace it anyway|we send one for <fee>].",
        ),
    ),
    "invoice": Topic(
        what=(
            "[Could I have|Please send me|I need] [an invoice|the invoice|a VAT invoice] for <order>.",
            "[The invoice|My invoice] for <order> [has the wrong address|shows my old name|is missing the VAT number].",
            "[My accountant|Our bookkeeping] [needs|asks for] [a proper invoice|the invoice] of <date>, [not the delivery note|the PDF link is dead].",
            "[Can you add|Please put] our company name [on|to] the invoice of <order>?",
        ),
        more=(
            "[It's for the tax office|Needed for expenses].",
            "[The download button does nothing|The link in the mail has expired].",
        ),
        ask=("[PDF is fine|A PDF is enough].", "[By the end of the month if possible|This week would be great]."),
        answer=(
            "[Here it is|The invoice is attached], [corrected|with the right address].",
            "I've [corrected it|changed it] and [sent the PDF|mailed the PDF] to this address. [Anything else you need|Tell me if the tax office wants it differently].",
        ),
    ),
    "address": Topic(
        what=(
            "[I've moved|We moved house]. [Can you change|Please change] the address [on|for] <order>?",
            "[Typo in my address|I made a typo in the address] of <order>: it's number <days>, not <page>.",
            "[Can <order> go|Could you send <order>] to a [pick-up point|parcel shop|neighbour] [instead|near <city> station]?",
            "I [won't be|am not] home on <weekday>, [can delivery be moved|can it come another day]?",
        ),
        more=(
            "[Only noticed now|Saw it one minute too late].",
            "[It hasn't shipped yet, I think|Status is still 'packing'].",
        ),
        ask=("[Hope it's not too late|Is it too late]?", "[Please confirm|Can you confirm]?"),
        answer=(
            "[Just in time|You caught it]: the address [is changed|now reads as you wrote]. [It leaves tomorrow|It ships <weekday>].",
            "[It already left|The parcel has left], but [<carrier> can redirect it|I've asked <carrier> to redirect it]; [you get a text|watch for a text from them].",
        ),
    ),
    "cancel": Topic(
        what=(
            "[Please cancel|I'd like to cancel|Can I cancel] [my order|order] <order>?",
            "[Ordered twice by mistake|I clicked twice]. [Please cancel|Cancel] one of <order>.",
            "[Found it in a shop|Got one as a gift], so [please cancel|I no longer need] <order>.",
            "[Changed my mind about|I don't want] the <product> [any more|after all], <order>.",
        ),
        more=("[Sorry for the trouble|Sorry about that].", "[It's only an hour old|I ordered ten minutes ago]."),
        ask=("[Do I have to do anything|Anything I must do]?", "[And the money|When does the money come back]?"),
        answer=(
            "[Done|It's cancelled]. <amount> [goes back|returns] to your card in [two|three] days.",
            "[It has just shipped|Too late to stop it], [I'm afraid|sorry]. [Simply refuse it|Send it back unopened] and [you get everything back|we refund all of it].",
        ),
    ),
    "return": Topic(
        what=(
            "[How do I|How can I|What's the way to] [return|send back] [a|my] <product>?",
            "[The <product> is|It's] [too big for our kitchen|too loud for us|not what I expected|smaller than it looks]. [I want|I'd like] to return it.",
            "[Is it free|Does it cost anything] to return [something|the <product>], and [how long do I have|within how many days]?",
            "[I no longer have|I threw away] the [box|original box] of the <product>. [Can I return it anyway|Return still possible]?",
            "[Can I return|May I bring] an online order to [the <city> store|a store]?",
        ),
        more=(
            "[Opened but hardly used|Used once|Unopened].",
            "[Nothing wrong with it|It works], [just not for me|wrong size for us].",
        ),
        ask=("[Please send a label|Could I get a label]?", "[I have no printer|No printer here, by the way]."),
        answer=(
            "[Of course|Yes]: [you have thirty days|thirty days from delivery], [free of charge|we pay]. The label is [attached|in your account]; [a QR code works without a printer|no printer needed, show the code].",
            "[Any store takes it|The <city> store takes it], [bring the order number|just give your name]. [The refund is made on the spot|Money back the same day].",
            "[No box, no problem|Any sturdy box will do]. [I've sent you a label|Label is on the way].",
        ),
    ),
    "stock": Topic(
        what=(
            "[When will|When is] the <product> [be back|available again|in stock again|back in sage green]?",
            "[Do you have|Is there] [a|the] <product> [in the <city> store|in stock near <city>]?",
            "[Sold out again|<product> sold out]? [I've been waiting since <month>|I was so close].",
            "[Will there be|Are you planning] a [discount|sale|bundle] on the <product> [soon|this month|before the holidays]?",
        ),
        more=("[I'd buy it today|My card is ready].", "[Asking for my <relative>|It's for my <relative>]."),
        ask=("[Can you put me on a list|Is there a waiting list]?", "[A rough date is enough|Roughly when]?"),
        answer=(
            "[We expect|The next delivery comes] [around <date>|in about <days> days]. [I've put you on the list|Shall I put you on the list]?",
            "[The <city> store has|There are] [two|three|four] left. [I can hold one until <weekday>|Shall I hold one for you]?",
        ),
    ),
    "buying": Topic(
        what=(
            "[Torn between|I can't decide between] the <product> and the <other>. [Which one|What] [would you take|do you recommend] for [two people|a small flat|a family of four|an office]?",
            "[Is the <product> worth|Does the <product> justify] <amount>? [The <rival> one is cheaper|<rival> has one for less].",
            "[Thinking of buying|I want to buy] a <product>. [How loud is it|How much power does it use|How big is it really]?",
            "[Would the <product> work|Does the <product> work] [in <country>|with hard water|on a wooden floor|for a left-handed person]?",
            "[We'd like to order|We need] <days> <product>s for [our office|a hotel|our staff]. [Is there a price for that|What would you charge]?",
        ),
        more=(
            "[My old one gave up|The old one died] [after <years> years|last week].",
            "[Reviews are mixed|I've read the reviews], [so I'd rather ask|still unsure].",
        ),
        ask=("[What do you say|An honest answer please].", "[I'd order this week|Ready to order]."),
        answer=(
            "For [that|what you describe] I'd take the <product>: [it's quieter|it's easier to clean|it does everything you named]. [The <other> is for larger kitchens|The <other> costs more without helping you].",
            "[It does|Yes, it does]. [It weighs little and stands on a sheet of paper|It needs about as much space as a large book]. [You can return it within thirty days|Try it for thirty days].",
            "For <days> pieces [we give ten percent|there's ten percent off]. [I've written an offer|The offer is attached], [valid until <date>|good for two weeks].",
        ),
    ),
    "idea": Topic(
        what=(
            "[Idea|A wish|Suggestion]: [could the <product> have|please give the <product>] [a timer|a quieter mode|a longer cable|a lid you can open with one hand|a child lock|an off switch].",
            "[Why is there no|You should make a] [travel version of the <product>|spare <part> for the <product>|left-handed <product>|<product> in red].",
            "[It would be great|I'd love it] if [the app showed the filter's age|you sold refills in paper|the <product> remembered the last setting|you could be reached by text].",
            "[Please|Please please] make the <part> of the <product> [dishwasher safe|easier to clean|out of metal].",
        ),
        more=(
            "[Apart from that, a lovely thing|Otherwise perfect].",
            "[My <relative> says the same|Everyone I know who has one says so].",
        ),
        ask=("[Is that planned|Any plans]?", "[Just a thought|Take it or leave it]."),
        answer=(
            "[I like that|That's a good one]. I've [passed it on to|told] the people who make the <product>, [with your reason|in your words].",
            "[You're not the first to ask|Others wish for that too]. [It's on our list|I've added your vote], [I can't promise a date|no date yet].",
        ),
    ),
}
