package dev.millrace.exam;

import dev.millrace.state.Form;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The totals of the exam.
 *
 * @param model ranks by the model, with the popularity term if its weight is above 0
 * @param popularity ranks of the same events by decayed popularity
 * @param withoutHistory number of events of users without an earlier click; they are not scored
 * @param others ranks by the model with each of the further weights
 */
public record ExamTotals(
        RankingTotals model, RankingTotals popularity, long withoutHistory, List<RankingTotals> others) {

    public static final ExamTotals NONE = new ExamTotals(RankingTotals.NONE, RankingTotals.NONE, 0);

    public ExamTotals {
        others = List.copyOf(others);
    }

    /** Creates totals without further weights. */
    public ExamTotals(RankingTotals model, RankingTotals popularity, long withoutHistory) {
        this(model, popularity, withoutHistory, List.of());
    }

    /** Returns what was added since {@code earlier}. */
    public ExamTotals minus(ExamTotals earlier) {
        return new ExamTotals(
                model.minus(earlier.model),
                popularity.minus(earlier.popularity),
                withoutHistory - earlier.withoutHistory,
                IntStream.range(0, others.size())
                        .mapToObj(at -> others.get(at)
                                .minus(at < earlier.others.size() ? earlier.others.get(at) : RankingTotals.NONE))
                        .toList());
    }

    /** Writes or reads the totals but the further ones. */
    ExamTotals fields(Form form) {
        return new ExamTotals(model.fields(form), popularity.fields(form), form.longInteger(withoutHistory), others);
    }

    /** Writes or reads all totals, to the end of an entry. */
    ExamTotals allFields(Form form) {
        ExamTotals first = fields(form);
        List<RankingTotals> further = new ArrayList<>();
        while (form.goesOn(further.size() < others.size())) {
            RankingTotals now = form.isRead() ? RankingTotals.NONE : others.get(further.size());
            further.add(now.fields(form));
        }
        return new ExamTotals(first.model, first.popularity, first.withoutHistory, further);
    }
}
