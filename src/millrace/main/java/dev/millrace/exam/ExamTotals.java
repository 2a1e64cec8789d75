package dev.millrace.exam;

import dev.millrace.state.Form;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The totals of the exam.
 *
 * @param model ranks by the model, with the popularity term if its weight is above 0
 * @param popularity ranks of the same events by decayed popularity
 * @param withoutHistory number of events of users without an earlier click; they are not scored
 * @param young the same ranks of the events whose item was young, by how young
 * @param others ranks by the model with each of the further weights
 */
public record ExamTotals(
        RankingTotals model,
        RankingTotals popularity,
        long withoutHistory,
        Map<Youth, Young> young,
        List<RankingTotals> others) {

    public static final ExamTotals NONE = new ExamTotals(RankingTotals.NONE, RankingTotals.NONE, 0);

    /**
     * Ranks of events whose item was young.
     *
     * @param model as in the totals of all events
     * @param popularity likewise
     */
    public record Young(RankingTotals model, RankingTotals popularity) {

        public static final Young NONE = new Young(RankingTotals.NONE, RankingTotals.NONE);

        private Young plus(double byModel, double byPopularity) {
            return new Young(model.plus(byModel), popularity.plus(byPopularity));
        }

        private Young minus(Young earlier) {
            return new Young(model.minus(earlier.model), popularity.minus(earlier.popularity));
        }

        private Young fields(Form form) {
            return new Young(model.fields(form), popularity.fields(form));
        }
    }

    public ExamTotals {
        Map<Youth, Young> ofAll = new EnumMap<>(Youth.class);
        for (Youth youth : Youth.values()) {
            ofAll.put(youth, young.getOrDefault(youth, Young.NONE));
        }
        young = Collections.unmodifiableMap(ofAll);
        others = List.copyOf(others);
    }

    /** Creates totals of events whose items were not young, without further weights. */
    public ExamTotals(RankingTotals model, RankingTotals popularity, long withoutHistory) {
        this(model, popularity, withoutHistory, Map.of(), List.of());
    }

    /** Returns the ranks of events whose item was young in that way. */
    public Young young(Youth youth) {
        return young.getOrDefault(youth, Young.NONE);
    }

    /** Returns the totals with more events of users without an earlier click. */
    ExamTotals plusWithoutHistory(int events) {
        return new ExamTotals(model, popularity, withoutHistory + events, young, others);
    }

    /**
     * Returns the totals with one more event.
     *
     * @param byModel its item's places, by the weights of the settings and each of the further ones
     * @param youth how young its item was
     */
    ExamTotals plus(List<Double> byModel, double byPopularity, Collection<Youth> youth) {
        Map<Youth, Young> more = new EnumMap<>(young);
        youth.forEach(each -> more.put(each, young(each).plus(byModel.get(0), byPopularity)));
        return new ExamTotals(
                model.plus(byModel.get(0)),
                popularity.plus(byPopularity),
                withoutHistory,
                more,
                IntStream.range(1, byModel.size())
                        .mapToObj(at ->
                                (at <= others.size() ? others.get(at - 1) : RankingTotals.NONE).plus(byModel.get(at)))
                        .toList());
    }

    /** Returns what was added since {@code earlier}. */
    public ExamTotals minus(ExamTotals earlier) {
        Map<Youth, Young> added = new EnumMap<>(young);
        added.replaceAll((youth, now) -> now.minus(earlier.young(youth)));
        return new ExamTotals(
                model.minus(earlier.model),
                popularity.minus(earlier.popularity),
                withoutHistory - earlier.withoutHistory,
                added,
                IntStream.range(0, others.size())
                        .mapToObj(at -> others.get(at)
                                .minus(at < earlier.others.size() ? earlier.others.get(at) : RankingTotals.NONE))
                        .toList());
    }

    /** Writes or reads the totals of all events. */
    ExamTotals fields(Form form) {
        return new ExamTotals(
                model.fields(form), popularity.fields(form), form.longInteger(withoutHistory), young, others);
    }

    /** Writes or reads all totals, to the end of an entry. */
    ExamTotals allFields(Form form) {
        ExamTotals first = fields(form);
        Map<Youth, Young> ofYoung = new EnumMap<>(young);
        ofYoung.replaceAll((youth, now) -> now.fields(form));
        List<RankingTotals> further = new ArrayList<>();
        while (form.goesOn(further.size() < others.size())) {
            RankingTotals now = form.isRead() ? RankingTotals.NONE : others.get(further.size());
            further.add(now.fields(form));
        }
        return new ExamTotals(first.model, first.popularity, first.withoutHistory, ofYoung, further);
    }
}
