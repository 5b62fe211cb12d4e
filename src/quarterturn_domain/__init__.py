"""QuarterTurn's domain: the model of a multi-vendor marketplace and the use cases that drive it.

Pure Python, synchronous, and attrs only. Import the contexts by name; from the bottom of the ladder to its top:

* `kernel`      money, rates, ids, errors, events, lifecycles, time, the unit of work
* `identity`    accounts, vendors and their onboarding
* `catalog`     categories, products with variants, and the offers that vendors make of them
* `stock`       what lies where, what is reserved until when, and every movement between
* `pricing`     commission, discounts, tax, the split of each line, and its explanation
* `ordering`    cart, checkout, order and vendor orders, fulfilment, cancellation, returns
* `payments`    payment, refund, dispute, and the gateway that takes the money
* `settlement`  the chart of accounts, the journal, the vendor's statement
* `payouts`     what is released when, who is paid what, and what is recovered
* `testing`     strategies, state machines and port contracts for your own tests (`quarterturn[testing]`)
"""
