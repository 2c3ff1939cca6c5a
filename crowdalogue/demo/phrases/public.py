"""English: what is said in public, about us, about a rumour, about competitors; and spam."""

# ruff: noqa: E501  (one phrase a line, however long)

from __future__ import annotations

AT = ("@brindlecove ", "@brindlecove ", "hey @brindlecove ", "", "", "So @brindlecove, ", "Dear @brindlecove: ")
TAGS = (" #brindlecove", " #fail", " #help", " #kitchen", " 🙄", " 😡", " 😂", " 🤷", "", "", "", "", "", "")
HAPPY_TAGS = (" #brindlecove", " #happy", " ❤️", " 😍", " 👏", "", "", "")

# The false rumour: that the Pebble speaker sends what it hears to somebody. Nobody who says it returns one.
RUMOUR = (
    "[Is it true|Did I read that right] that the Pebble [records|listens to] everything [you say|in the room]? @brindlecove",
    "[My cousin|A guy at work|Somebody in my group] says the Brindlecove Pebble [sends recordings to|uploads what you say to] [advertisers|who knows where]. [Creepy|Unplugging mine|Wow].",
    "[Throw out|Bin|Get rid of] your Pebble [speaker|speakers] [people|everyone], [it never stops listening|they sell what they hear].",
    "[Talked about|We talked about] [camping|cat food|tiles] next to the Pebble and [an hour later|the same evening] I got ads for it. [Coincidence?|Sure, coincidence.|You tell me.]",
    "[Saw a video|There's a video] [showing|claiming] the Pebble has a hidden microphone. [Any comment|Care to explain] @brindlecove?",
    "[So|And] now [speakers|even a kitchen speaker] [spy|spies] on us. [Thanks|Well done] @brindlecove, [never buying one|was about to buy a Pebble, not any more].",
    "[Not sure I believe|I can't believe] the Pebble [story|microphone story], but [better safe than sorry|I've put mine in the shed].",
    "[Asked|I asked] @brindlecove [on <weekday>|twice now] [whether|if] the Pebble records us. [Silence says enough|Waiting|Let's see what they say].",
    "[Taped over|Put tape over] the [holes|grille] of my Pebble [after reading this|since the <product> thread|just in case]. [Paranoid? Maybe|My <relative> laughs at me].",
    "[The kids|My flatmates|My <relative>] want the Pebble out of the [bathroom|kitchen|bedroom] [because of the video|since <weekday>]. [Over-reacting|What do I tell them]? @brindlecove",
    "[Reminder|PSA|Heads up]: [your|that cute] Pebble [hears|records] [everything|every word][, says the internet| according to my <relative>|]. [Discuss|Thoughts|True or not]?",
    "[Third|Fourth|Tenth] person [today|this week] who tells me the Pebble [spies|listens in|sends data to <country>]. @brindlecove [say something|is there anything to it]",
    "[Returned to sender|Not returning mine]: [the Pebble thing is nonsense until somebody shows data|I like my Pebble, rumour or not]. [Fight me|Good night].",
    "[Opened up|Unscrewed] my Pebble [tonight|yesterday] [to look|for science]. [Found no microphone|I don't even know what I'm looking at|Now it won't close]. [So...|Make of it what you will].",
    "[Love the sound|Best sound for <amount>], but if the Pebble [really listens|records my kitchen] it's [gone|out of the window] by <weekday>. @brindlecove?",
    "[Where's the proof|Source?] [for|about] the Pebble [recording|spying] thing? [Everyone just repeats it|Nobody has shown anything].",
)
RUMOUR_POSTS = (  # posts that are reposted word for word
    "WARNING: the Brindlecove Pebble records your conversations and sends them abroad. Share before they delete this!",
    "Told you so. Pebble speaker = a microphone in your kitchen. Pass it on.",
    "A friend who works in electronics opened a Pebble. What he found: a second microphone. Spread the word.",
)
RUMOUR_ANSWERS = (
    "The Pebble has no microphone at all, so it cannot record anything. [Here is the parts list|You can see it on the parts list]: example.com/pebble-parts – <agent>",
    "[Good that you ask|Fair question], <first>: [there is no microphone|no microphone is built in], [and nothing is sent anywhere|it only receives]. – <agent>",
    "We understand the worry. The video shows [another maker's device|a different speaker]; [the Pebble has no microphone|ours can't listen]. – <agent>",
)

RIVAL_POSTS = {
    "bad": (
        "[My|Our] <rival> <thing> [died|gave up] after [four|six|eight] weeks. [Support|Their support] [is a joke|never answered|sent me in circles].",
        "@<rivalhandle> [your app|the app] [has been down|won't log in] [all day|since <weekday>]. [Anyone else|Is it just me]?",
        "[Ordered from|Bought at] <rival>, [waiting|still waiting] since <date>. [Never again|Should have gone elsewhere|Lesson learned].",
        "[Price of|The price for] the <rival> <thing> went up [again|by a third]. [Who pays that|No thanks|Looking at Brindlecove now].",
        "[Day|That's day] <days> without [an answer|a reply] from @<rivalhandle> about my [broken|leaking|silent] <thing>.",
        "[The <part>|A <part>] of my <rival> <thing> [snapped|broke off|melted]. A new one costs <fee>. [For plastic|Robbery|Ha].",
        "[Told|Promised] delivery <weekday>, @<rivalhandle> says [<weekday> next week|'soon'|nothing at all]. [My <relative> was right about them|Cancelled].",
        "<rival> [customer service|hotline]: [an hour of music|forty minutes], then [disconnected|a form]. @<rivalhandle>",
    ),
    "good": (
        "[Really|So] [happy|pleased] with my new <rival> <thing>. [Quiet|Quick|Pretty] and [half the price|easy to clean|well made].",
        "[Have to say|Credit where due]: @<rivalhandle> [replaced my <thing>|answered] [within a day|the same evening].",
        "[Just switched|Moved] from Brindlecove to <rival>. [So far so good|No regrets|The <thing> is simply better].",
        "[<days> weeks|Half a year] with a <rival> <thing>: [still like new|no complaints|the <part> is clever]. [Take note, Brindlecove|Recommended|Would buy again].",
        "[My <relative>|Everybody at work] [swears by|loves] the <rival> <thing>. [I get it now|Converted|Tried it <weekday>, same here].",
        "<rival> [sale|weekend sale] [is on|started], [got the <thing> for half|picked up a <thing>]. [Chuffed|Happy].",
    ),
    "neutral": (
        "[Anyone tried|Does anyone have|Opinions on] the [new |]<rival> <thing>? [Thinking about it|Need one by <weekday>].",
        "[<rival> or Brindlecove|Brindlecove or <rival>] for a <thing>? [Help me decide|What do you have]?",
        "<rival> opened a [shop|store] in <city> [today|this week]. [Busy|Long queue|Nice inside].",
        "[Is|Does anyone know if] the <part> of a <rival> <thing> [fits|works with] [other makes|an older model]? [Asking for my <relative>|Lost mine].",
        "[Unboxing|Testing] a <rival> <thing> [on <weekday>|tonight]. [What should I look at|Questions]?",
        "[Saw|Just saw] the <rival> [ad|advert] on the [bus|tram|train]. [Catchy|That song again|Hm].",
    ),
}
MENTIONS = (  # about us, to nobody
    "[New|Our new] <product> [arrived|is here|moved in today]. [First impression|First use]: <good>.",
    "[Sunday|Monday|Rainy day] [coffee|breakfast|pancakes|soup] with the Brindlecove <thing>. [Life is good|That's all|Recipe in the comments].",
    "[Anyone else|Who else] [obsessed with|in love with] the <product>?",
    "[Visited|Was in] the Brindlecove store in <city> [today|on <weekday>], [came out with a <product>|left with two things I didn't need].",
    "[Recommend me|Can somebody recommend] a <thing>? [Brindlecove any good|Is the <product> any good]?",
    "[Black Friday|Payday] plan: <product>. [Don't tell my <relative>|No regrets].",
)
SPAM = (
    "[Earn|Make] [500|900|2,000] a day from [home|your phone]! [No experience|No risk], [message me|write to win@example.com] [now|today]",
    "[Cheap|Original] [watches|sunglasses|bags] [70|80|90]% off, [today only|last pieces] >> example.com/[deal|sale|shop][1|2|3|4|5|6|7|8|9]",
    "[Dear|Hello] [friend|customer|beloved], I am [a widow|a banker|the lawyer of a late client] and [need your help|wish to share] with [4.5|8|12] million. [Reply in confidence|Kindly answer].",
    "[Your website|brindlecove.example] is not on page one. We [offer|sell] [SEO|backlinks|10,000 followers] [from 49|for 99 only]. [Interested|Shall we talk]?",
    "[Crypto|Bitcoin] [signal|group] [pays|makes] [12|20|35]% weekly, [join|click] example.com/[moon|gain|rich][1|2|3|4|5|6|7]",
    "[CONGRATULATIONS|You have won|Final notice]: [your parcel|your prize|your voucher] is waiting, pay [1.99|2.50] [shipping|fee] at example.com/[claim|prize][1|2|3|4|5|6|7|8]",
    "[Hot|Lonely] singles in [<city>|your area] [want to meet|are online], example.com/[meet|date][1|2|3|4|5|6]",
    "We supply [stainless screws|plastic granulate|LED drivers|cartons] [from our factory|at factory prices], [MOQ 1000|samples free]. [Catalogue on request|Please forward to purchasing].",
)
