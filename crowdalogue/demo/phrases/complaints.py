"""English: what goes wrong."""

# ruff: noqa: E501  (one phrase a line, however long)

from __future__ import annotations

from crowdalogue.demo.phrases import Topic

COMPLAINTS = {
    "late": Topic(
        what=(
            "My order <order> [was due|should have been here|was promised for] <weekday> and [still isn't here|there's no sign of it|nothing has come].",
            "I [ordered|bought] a <product> <days> days ago and it [has not arrived|still hasn't shown up|is nowhere to be seen].",
            "[Tracking|The tracking page|Your tracking link] has said '[in transit|label created|arriving soon|handed to carrier]' for <days> days now.",
            "[Where is|Any idea where|Can somebody tell me where] my <product> [is|has got to]? [Order|Order number|It's order] <order>.",
            "<carrier> [says|claims|keeps telling me] they [never received|don't have|can't find] my parcel, [you say|your site says] it shipped on <date>.",
            "[Day|This is day] <days> of waiting for [a|one] <thing> [you promised in two|that was meant to take two days|sold to me as next day].",
            "I took [a day|the afternoon|the morning] off work for this delivery and [nobody came|no one showed up|not even a note through the door].",
            "The delivery date for <order> has [moved|changed|slipped] [three|four|five|two] times [now|already|since last week].",
            "Still waiting on <order>. It was [a present|a birthday gift|meant as a present] for my <relative>, whose birthday was <weekday>.",
            "The parcel [is marked as|shows as|says] delivered but [I was home all day and got nothing|there's nothing here|none of my neighbours have it].",
            "My <product> has been [sitting|stuck] in a depot [outside|near] <city> since <date>, according to <carrier>.",
            "I paid <fee> extra for express and <days> days later [I have nothing|there's still no parcel|it hasn't even left the warehouse].",
        ),
        more=(
            "[I've|I have] [called|rung|phoned] <carrier> [twice|three times|more often than I'd like] and they [blame you|send me back to you|hang up].",
            "[This is|It's] the second time [this year|in a row|it's happened].",
            "I [understand|get] that [things happen|delays happen], but [nobody told me anything|not one e-mail about it|silence is not okay].",
            "We're [moving|leaving for holiday|away] on <weekday>, so [after that it's no use|it needs to be here before].",
            "[Our old one|The old one] [broke|died] and [we're a family of five|I've been boiling water in a pan|we've been without one since].",
            "[Honestly|Frankly|To be fair], [I expected better|it used to be so quick|I've never had this from you before].",
            "[The money left my account|You charged my card] [the same day|within minutes], [of course|funny how that works].",
        ),
        ask=(
            "[Can you|Could you|Please] [find out where it is|check what's going on|chase this up]?",
            "[When will|When can I expect] it [to arrive|to be here|actually arrive]?",
            "[If it isn't here by <weekday>|Unless it comes this week] [I'd like my money back|please cancel it|I want a refund].",
            "[Please send another one|Can you just send a new one] [by a different carrier|some other way].",
            "[Will you refund|I'd like you to refund] the express [fee|charge] [at least|please].",
        ),
        answer=(
            "I'm sorry <order> is taking so long. [I have asked|I've just asked] <carrier> to [trace|look for] it and [will write|will be in touch] by <weekday>.",
            "That is [far|much] later than we promised, and I'm sorry. The parcel is [in the <city> depot|on its way from <city>]; [the new date is <weekday>|it should reach you <weekday>].",
            "I can see it [hasn't moved|was last scanned] [since <date>|on <date>]. I've [sent|ordered] a [replacement|second one] today, at no cost, and [you may keep both if the first turns up|the first will come back to us].",
            "Sorry about the wait. I have refunded the express [fee|charge] of <fee> and [put your order at the front|asked for delivery on <weekday>].",
            "<carrier> had trouble at its <city> depot this week. Your parcel [is among those held up|is one of them]; [they are working through it|it leaves tomorrow].",
        ),
    ),
    "defect": Topic(
        what=(
            "My <product> [started leaking|is leaking|leaks] [from the base|around the seal|underneath] [after <days> days|since <weekday>|every time I use it].",
            "[There's|There is] [water|smoothie|soup] [all over|running across] the [counter|worktop|kitchen] [whenever|each time] I [use|run] the <product>.",
            "The [seal|rubber ring|gasket] [on|under] my <product> [has come loose|doesn't sit right|is already torn] and [it drips|liquid gets into the base].",
            "[Second|This is the second] <product> [I've had|you sent me] and [it leaks too|same leak|exactly the same problem]. Lot number [on the bottom|underneath] [is|says] <lot>.",
            "The <product> [leaked into its own motor|got liquid in the base] and [now it smells burnt|tripped the fuse|won't switch on].",
            "[Anyone else's|Is anybody else's] <product> leaking [at the bottom|from the seal]? [Mine's <days> days old|Mine isn't even a month old|Mine started on <weekday>].",
            "[Used it|I used it] [four|five|three|six] times. [Now|Since then] the [jug|jar] of the <product> [drips|leaks] [like a tap|from below|at the blade].",
            "[Made|I made] [soup|a shake|pancake batter] in the <product> this morning and [half of it|most of it] ended up [under|beneath|around] the thing.",
            "[Water|Liquid] [under|below] the blade of [my new|my|our] <product>. [The ring|The seal] is [warped|too thin|crooked].",
            "[Bought|I bought] the <product> on <date>, [leaking|it has been leaking] [since day two|from the start|since the weekend].",
        ),
        more=(
            "[I tightened|We tightened] everything [twice|as the booklet says|again and again], [no difference|still drips|same result].",
            "[It's|It is] [near a socket|electric], so [I'm a bit worried|that can't be safe|I'd rather not try again].",
            "[My <relative>|A colleague|My neighbour] has [one too|the same model] and [hers|his] [does the same|leaks as well].",
            "[The lot number|The number on the base] is <lot>, [if that helps|in case you need it].",
            "[I loved it until then|It was great for a week|Shame, because it blends well].",
            "[My kitchen drawer is soaked|The wooden worktop is stained now|I've been mopping every morning].",
            "[Pictures|Photos] [attached|available|on request].",
        ),
        ask=(
            "[Is this a known problem|Do you know about this|Is there a recall]?",
            "[I'd like|I want] [a refund|my money back], not [another one|a third one|a replacement].",
            "[Can you send|Please send] [a new seal|a replacement|one that doesn't leak].",
            "[How do I|Where do I] [return|send back] it?",
            "[Should I stop using it|Is it safe to use|Can I keep using it]?",
        ),
        answer=(
            "I'm sorry about the leak. [Please stop using it|Please unplug it] for now. [A label to send it back|A return label] is [on its way to you|attached], and [we refund it in full|you choose refund or replacement].",
            "Thank you for the lot number. [We are looking into|Our engineers are checking] that lot [now|this week]. [I've sent you a replacement from another one|You'll get a new one from a different lot] today.",
            "That [must not|should not] happen. [I've arranged a refund|I have refunded] <amount> to your card; [you need not send it back|please keep it aside until we collect it].",
            "[Please do not use it again|For safety please leave it unplugged]. I have [booked a pick-up|arranged a collection] for <weekday> and [the refund follows the same day|a replacement is packed].",
        ),
    ),
    "fault": Topic(
        what=(
            "My <product> <fault>.",
            "[After|Only] <days> [days|weeks] the <product> <fault>.",
            "[Help|Hello], [our|my] <product> <fault> [since <weekday>|since this morning|again].",
            "[I've had|We've had] the <product> [since <date>|for <days> weeks] and now it <fault>.",
            "The <product> I [got|ordered] from you (<order>) <fault>.",
            "[Not impressed|Disappointed]: the <product> <fault> [after hardly any use|and it's barely used|straight out of the box].",
            "[So|Well], the <product> <fault>. [Great|Lovely|Brilliant].",
            "[Is it normal that|Should I worry that] the <product> <fault>?",
        ),
        more=(
            "[I've tried|I tried] [turning it off and on|another socket|cleaning it|a reset|everything in the manual] [already|without luck|twice].",
            "[The manual|Your help page|The booklet] [says nothing about this|doesn't mention it|wasn't much help].",
            "[It worked fine before|It was perfect until then|No problem at all before that].",
            "[We use it|I use it] [every day|every morning|maybe twice a week], [nothing unusual|like anyone would|carefully].",
            "[For <amount>|At that price] I [expected it to last|expect more|hoped for a few years].",
            "[My <relative> is not amused|The whole family is annoyed|My <relative> already wants to bin it].",
            "[Video|A short video] [available|attached], [if you want|you can hear it].",
        ),
        ask=(
            "[Is that covered|Does the warranty cover this|Is this under warranty]?",
            "[What can I do|What should I try next|Any ideas]?",
            "[Can it be repaired|Do you repair these|Is there a spare part]?",
            "[I'd like a replacement|Please replace it|Can I swap it].",
            "[How long would a repair take|How long am I without it]?",
        ),
        answer=(
            "Sorry to hear that. [Please try|Could you try] holding the power button for ten seconds; [that often helps|it resets the electronics]. If not, [I'll send a replacement|we swap it under warranty].",
            "That [sounds like|looks like] [a faulty part|a loose contact]. [It's covered|The two-year warranty covers it]; I've [attached|sent] a label [for the repair|to send it in]. Repairs take about <days> [days|working days].",
            "I'm sorry it let you down. [A new one leaves|We're sending a new one] [today|tomorrow], order <order>. [Please put the old one|Put the faulty one] in the same box.",
            "Thanks for describing it so well. [Could you send|Would you send] [a photo|a short video] and the serial number [on the base|underneath]? [Then I can decide at once|Then we can skip the usual questions].",
        ),
    ),
    "damaged": Topic(
        what=(
            "[The box|My parcel] [arrived crushed|came with a hole in it|looked as if it had been thrown] and the <product> [inside is cracked|has a dent|is broken].",
            "[Just unpacked|I've just opened] my <product>: [the glass is in pieces|a corner is chipped|there's a crack across the lid|the base is scratched].",
            "[Order|My order] <order> came [damaged|broken|in bits]. [The driver|<carrier>] [ran off|was gone] before I could [check|open it].",
            "There's a [scratch|dent|crack] on the [front|side|handle] of the <product> [straight out of the box|I received <weekday>].",
            "[Whoever packed this|Whoever packed <order>] [forgot the padding|used one sheet of paper], [of course it broke|the <thing> didn't survive].",
        ),
        more=(
            "[It was a gift|It's meant as a present], so I can't [give it like that|hand it over so].",
            "[I kept the packaging|I have all the packaging still|Photos of the box attached].",
            "[Otherwise it works|It does switch on|I haven't dared to plug it in].",
            "[The glass went everywhere|I cut my finger on it|Careful with that tape next time].",
        ),
        ask=(
            "[Can I get|Please send] a new one [before <weekday>|this week|soon]?",
            "[What do you need from me|Do you need photos]?",
            "[I'd accept a discount|A partial refund would do|I'd keep it for a discount].",
        ),
        answer=(
            "I'm sorry it reached you like that. [A new one|A replacement] leaves [today|tomorrow]; [no need to send the broken one back|please bin the broken one safely].",
            "Thank you for the photos. [We can offer|I can offer] <fee> back if you [keep it|want to keep it], or [a new one|a replacement] by <weekday>. [Which do you prefer|What suits you better]?",
            "That parcel clearly had a bad journey. I have [told our packers|reported it to <carrier>] and [sent a new <product>|packed a new one].",
        ),
    ),
    "wrong_item": Topic(
        what=(
            "I ordered [the|a] <product> and [got|received] [a <other>|the <other> instead|something else entirely].",
            "[Wrong colour|Wrong colour in] order <order>: [asked for sage, got black|I chose white and it's grey|this is not the blue one].",
            "[There's|There is] [a <part>|the <part>|one <part>] missing from my <product>.",
            "[The box says|It says] <product> but [inside|what's in it] is [a <other>|another model].",
            "[My order|<order>] came without the <part>, [and without it it's useless|so I can't use it].",
            "You sent me two <product>s, [I only ordered one|I paid for one]. [Happy to send one back|What now]?",
        ),
        more=(
            "[I checked the order|The confirmation says it clearly|I double-checked], [it's not my mistake|the mistake isn't mine].",
            "[Not the end of the world|No drama], but [I do need it|I was looking forward to it].",
            "[I've looked in the box twice|Shook the box, nothing|Went through all the paper].",
        ),
        ask=(
            "[Can you send the right one|Please send what I ordered|Could you post the <part>]?",
            "[Who pays for sending it back|I won't pay for the return]?",
            "[How quickly can you swap it|How soon can you fix it]?",
        ),
        answer=(
            "[Sorry for the mix-up|My apologies for the mix-up]. The [right one|correct one] leaves today, and [a free label|a prepaid label] for the other [is attached|comes with it].",
            "The <part> [goes into the post today|is on its way], [free of course|no charge]. [It should reach you <weekday>|Expect it by <weekday>].",
            "That is our mistake. [Keep what you got until the new one comes|No rush with the return], [the courier swaps them|then hand it to the courier].",
        ),
    ),
    "refund": Topic(
        what=(
            "I [sent back|returned] my <product> on <date> and [still have no refund|the money isn't back|haven't heard a thing].",
            "[Where is|Still no] [my|the] refund for <order>? [It's been|That's] <days> days.",
            "You [said|promised] <amount> would be [back|on my card] in five days. [It's been <days>|That was <days> days ago].",
            "[Only|You only] refunded <fee> [of|out of] <amount>. [Why|What happened to the rest]?",
            "[Your system|The tracking] [shows|says] the return was received on <date>, [yet no money|and then nothing].",
            "I was charged [twice|two times] for <order>. [One of the two|The second payment] has to come back.",
            "[My bank|The bank] [sees no|says there's no] refund from you, [nothing pending either|not even pending].",
        ),
        more=(
            "[I have the receipt from the post office|I've got proof of posting|The label number is on my receipt].",
            "[It's not pocket money|That's my grocery money|It's a lot of money for me].",
            "[Third|This is my third] message about it.",
            "[I don't want a voucher|No vouchers please|Not interested in store credit].",
        ),
        ask=(
            "[When will I get it|When can I expect it|When is it coming]?",
            "[Please confirm the date|Please give me a date|Tell me the day and the amount].",
            "[Next I'll ask my bank to take it back|Otherwise I'll start a chargeback].",
        ),
        answer=(
            "You're right, it's overdue. I've [released|sent] <amount> [just now|this morning]; banks take [two|three] working days. [Sorry for the wait|I'm sorry you had to ask].",
            "Your return [arrived|was checked in] on <date>. The refund [got stuck|was held] at our side, [I've freed it|it is on its way now].",
            "I can see both payments. The second, <amount>, [goes back today|is being returned]. [I'm sorry about that|That should not have happened].",
        ),
    ),
    "service": Topic(
        what=(
            "[I've written|I wrote] [three|four|two] times and [nobody answers|not one reply|only automatic replies].",
            "[Forty|Thirty-five|Fifty] minutes [on hold|in the queue] and then [the line went dead|cut off|somebody hung up].",
            "[The chat|Your chat] [sent me to|told me to] [e-mail|phone], [phone|the hotline] [sent me back to chat|sent me to the store], and [the store|the shop] sent me [online|home].",
            "[Your agent|The person on the phone] [promised a call back|said they'd call] by <weekday>. [No call|Nobody called].",
            "Third time [explaining|telling] the [same|whole] story. [Does nobody write anything down|Don't you keep notes]?",
            "[How hard can it be|Is it so hard] to [answer an e-mail|reply to a customer]? Order <order>, [asked on <date>|first written <date>].",
        ),
        more=(
            "[I'm not angry about the <thing>|The <thing> itself is fine], [I'm angry about being ignored|it's the way I'm treated].",
            "[This used to be better|You used to be good at this].",
            "[Each time somebody else|Every time a new name], [each time from the start|and every time from zero].",
        ),
        ask=(
            "[Please have somebody call me|Can a human please call me], [after 5 pm|any time before noon].",
            "[I want to speak to a manager|Put me through to somebody who decides].",
            "[Just answer|A simple answer would do].",
        ),
        answer=(
            "I'm sorry you had to tell this more than once. I've read [everything|all your messages] and [will see it through myself|stay with it until it's done].",
            "You should have had an answer [days ago|long before now]. [Here it is|Let me put it right]: [your case is with me|I'm dealing with it today], and you [hear from me|get a call] by <weekday>.",
            "That was not good of us. [I've booked a call|I'll call you] on <weekday>; [tell me if another time suits better|the number is the one you gave us].",
        ),
    ),
    "churn": Topic(
        what=(
            "[That's it|I'm done], [I'm going to|my next one comes from] <rival>.",
            "[Please delete my account|Close my account]. [I've had enough|I won't order again].",
            "[Loyal customer|Customer] for <years> years, [and this is the last order|never again after this].",
            "[Cancel|Please cancel] my filter subscription. [<rival> does it cheaper|I'm switching to <rival>|I don't use it enough].",
            "[I'm seriously thinking of|Thinking about] [returning everything|going over to <rival>], [one more disappointment|after the last <product>].",
        ),
        more=(
            "[Nobody seems to care|You clearly don't need customers].",
            "[The <product> was the last straw|It started with the <product>].",
            "[The price went up again|You raised the price twice], [for less|the quality went down].",
        ),
        ask=(
            "[Confirm the cancellation|Please confirm by e-mail|A confirmation is enough].",
            "[Change my mind|Convince me otherwise].",
        ),
        answer=(
            "I'm sorry it came to this. [Your subscription ends|I've ended the subscription] [today|with this month], nothing more is charged. [May I ask what would have helped|If you tell me what went wrong I'll pass it on].",
            "[I can see why|I understand]. Before you go: [I'd like to make the last order right|let me refund the last order], [no strings attached|whatever you decide].",
        ),
    ),
}
