package dev.millrace.verify.books;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * What the offline join found, over all partitions.
 *
 * @param exposures by the outcomes that each can have had
 * @param clicks by the outcomes that each can have had
 * @param faults what no order of reading explains
 * @param explained numbers of the examples whose click or exposure was found
 */
record JoinVerdicts(PossibleOutcomes exposures, PossibleOutcomes clicks, List<JoinFault> faults, BitSet explained) {

    JoinVerdicts() {
        this(new PossibleOutcomes(), new PossibleOutcomes(), new ArrayList<>(), new BitSet());
    }

    /** Returns true if these books can be right. */
    boolean explain(BookTotals ofExposures, BookTotals ofClicks) {
        return faults.isEmpty() && exposures.fits(ofExposures.outcomes()) && clicks.fits(ofClicks.outcomes());
    }

    void explain(LoggedExample example) {
        explained.set(example.number());
    }

    void fault(JoinFault.Kind kind, String text) {
        faults.add(new JoinFault(kind, text));
    }
}
