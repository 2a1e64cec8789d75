package dev.millrace.app;

import dev.millrace.exam.ExamTotals;
import dev.millrace.state.Books;
import dev.millrace.train.TrainingProgress;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** What a trainer says while it runs: how far it is once a minute in which it learnt, and once if nothing comes to learn. One thread. */
public final class TrainingNews {

    private static final Duration EVERY = Duration.ofMinutes(1);
    private static final Duration LONG = Duration.ofSeconds(20); // for the first batch of a trainer that gets events

    private final long startedAt;
    private long saidAt;
    private long saidStep;
    private boolean isIdleSaid;

    /** @param nanos of a clock that does not go back, at the start */
    public TrainingNews(long nanos) {
        this.startedAt = nanos;
    }

    /**
     * Takes what is known at a moment.
     *
     * @param nanos of the clock
     * @param learner absent before its first commit
     * @param lately the exam over the last events
     * @param books of all parts, by logical topic
     * @return a line to show
     */
    public Optional<String> take(
            long nanos, Optional<TrainingProgress> learner, ExamTotals lately, Map<String, Books.Account> books) {
        long step = learner.map(TrainingProgress::step).orElse(0L);
        if (step > saidStep && (saidStep == 0 || nanos - saidAt >= EVERY.toNanos())) {
            saidAt = nanos;
            saidStep = step;
            return learner.map(known -> line(known, lately));
        }
        if (step == 0 && !isIdleSaid && nanos - startedAt >= LONG.toNanos()) {
            isIdleSaid = true;
            return Optional.of("nothing learnt yet: " + received(books));
        }
        return Optional.empty();
    }

    private static String line(TrainingProgress learner, ExamTotals lately) {
        return String.format(
                Locale.ROOT,
                "step %,d  %,d learnt  %,d items%s",
                learner.step(),
                learner.positives(),
                learner.items(),
                lately.model().scored() == 0
                        ? ""
                        : String.format(
                                Locale.ROOT,
                                "  R@10 %.3f ± %.3f of the last %,d  popularity %.3f",
                                lately.model().recallAt(10),
                                lately.model().standardErrorAt(10),
                                lately.model().scored(),
                                lately.popularity().recallAt(10)));
    }

    private static String received(Map<String, Books.Account> books) {
        return books.isEmpty()
                ? "no event has come"
                : books.entrySet().stream()
                                .map(one -> one.getKey() + " " + one.getValue().inWords())
                                .collect(Collectors.joining("; "))
                        + "; a batch closes at batch.size examples, or batch.max-wait after its first";
    }
}
