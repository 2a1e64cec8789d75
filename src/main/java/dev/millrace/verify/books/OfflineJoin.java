package dev.millrace.verify.books;

/**
 * What must have become of every exposure and click of one user partition, given the training examples.
 *
 * <p>Nothing of the attribution's code is used; its settings are. The rules are in docs/topics.md, section Outcomes.
 */
final class OfflineJoin {

    /*
     * Evidence. An example says that its click was attributed, and to an exposure of which time. That comes first; the rest
     * is worked out for every order in which the two topics, and the tombstones of `users`, can have been read.
     * SettledTimeBounds says what is known of event time at an event, whatever the order.
     *
     * Layout. Exposures and examples are in maps by the hash of their ids, clicks in a list. What is found of an event is
     * kept by its offset, and only where it differs from what most events are.
     *
     * Order of the steps. (1) Which events repeat an id, and the example of each click. (2) The clicks with an example, by
     * user and item. (3) The outcomes of each click. (4) Two examples of one action. (5) The outcomes of each exposure.
     * A step reads what the steps before it found, and changes none of it.
     *
     * Invariant. Each event is added to the verdicts once, with the set of the outcomes that some order explains. An empty
     * set is a fault.
     *
     * Cost. n log n of the events of one user and item: what an event met is asked of a PairTimeline, which is made twice for each user
     * and item and is the only one at its time. n log n of the events of one id too, however often it comes again. 1,000,000 events of
     * one user and item, or of one click id: OfflineJoinTest. Memory: the events of one
     * partition. One thread.
     */
    private OfflineJoin() {}

    /** Adds what it finds in one partition to the verdicts. */
    static void run(JoinInput input, JoinVerdicts verdicts) {
        RepeatedIds ids = RepeatedIds.find(input, verdicts);
        AttributedClicks attributed = new AttributedClicks(input, ids);
        new ClickOutcomes(input, ids, attributed, verdicts).judgeAll();
        attributed.findRepeatedActions(verdicts);
        input.events().exposures().forEach(new ExposureOutcomes(input, ids, attributed, verdicts)::judge);
    }
}
