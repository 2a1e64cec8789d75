package dev.millrace.workshop.evaluate;

import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.option.Clusters;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.dataset.DataSets;
import dev.millrace.evaluate.RecordedExamples;
import dev.millrace.operation.Progress;
import dev.millrace.replay.BadRows;
import dev.millrace.replay.DataSet;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.settings.KeptSettings;
import dev.millrace.shop.ShopSettings;
import dev.millrace.state.Books;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;
import dev.millrace.stream.Part;
import dev.millrace.stream.StoredSettings;
import dev.millrace.topic.BatchLog;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.TopicReader;
import dev.millrace.verify.books.RecordedAttribution;
import dev.millrace.verify.books.ReplayedExamples;
import java.io.PrintWriter;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Stream;

/** The examples of a data set, or of a cluster's log or topics. One thread. */
public final class EvaluationData {

    /** The options of a cluster's log, and of its topics. */
    public static final String LOG = "--mini-batches";

    public static final String TOPICS = "--raw-topics";

    private static final int SHOWN_BAD_ROWS = 10;
    private static final int SHOWN_ACTIONS = 20;

    private final Function<MillraceSettings, Object> used;
    private final Function<MillraceSettings, RecordedExamples> reader;
    private Optional<Recording> last = Optional.empty();

    /** @param used the settings that the examples depend on */
    private EvaluationData(
            Function<MillraceSettings, Object> used, Function<MillraceSettings, RecordedExamples> reader) {
        this.used = used;
        this.reader = reader;
    }

    /**
     * Those of a data set.
     *
     * @param dataSets opens the data set
     * @param maxEvents exposures and clicks to read; {@link Long#MAX_VALUE} for all
     * @param output shows how many events were read, and the rows that cannot be used
     * @param isStopped whether to read no further
     */
    public static EvaluationData ofDataSet(
            Function<MillraceSettings, DataSet> dataSets,
            long maxEvents,
            OutputOption output,
            BooleanSupplier isStopped) {
        return new EvaluationData(
                settings -> {
                    ShopSettings shop = ShopSettings.read(settings.reader());
                    return List.of(
                            settings.attribution(),
                            DataSets.settings(settings.reader()),
                            shop,
                            // what visitors see depends on the model, and on how it answers
                            shop.visitors() == ShopSettings.Visitors.ANSWERS ? settings.values() : Map.of());
                },
                settings -> read(dataSets.apply(settings), settings, maxEvents, output, isStopped));
    }

    /** Those of a cluster's whole log of mini-batches. */
    public static EvaluationData ofLog(Progress progress, BooleanSupplier isStopped) {
        return new EvaluationData(settings -> LOG, settings -> {
            Cluster cluster = Clusters.open(settings).followedBy(progress);
            RecordedExamples examples = new RecordedExamples(settings.attribution());
            try (TopicReader reader = cluster.reader()) {
                BatchLog log = cluster.batches(reader);
                log.read(log.firstStep().orElse(1), logged -> {
                    requireGoing(isStopped);
                    examples.batch(logged.batch());
                    return true;
                });
            }
            return withPositives(examples, LOG);
        });
    }

    /** Those that the settings make of the events which a cluster's attribution read, in the order in which it did. */
    public static EvaluationData ofTopics(Progress progress, BooleanSupplier isStopped) {
        return new EvaluationData(MillraceSettings::attribution, settings -> {
            Cluster cluster = Clusters.open(settings).followedBy(progress);
            KeptSettings stored =
                    StoredSettings.of(settings.clients(), settings.stream(), Part.ATTRIBUTE, cluster.patience());
            KeptSettings kept = stored.isEmpty() ? settings.attributionKept() : stored;
            RecordedExamples examples = new RecordedExamples(settings.attribution());
            try (TopicReader log = cluster.reader()) {
                ReplayedExamples.read(
                        RecordedAttribution.of(cluster, log, settings.attribution(kept)),
                        settings.attribution(),
                        example -> {
                            requireGoing(isStopped);
                            examples.add(example);
                        },
                        examples::change,
                        examples::removeUser);
            }
            return withPositives(examples, TOPICS);
        });
    }

    /**
     * The examples, until other ones are asked for. They are read again only if other settings make other ones.
     *
     * @throws CancellationException if it was stopped before all was read
     */
    public RecordedExamples examples(MillraceSettings settings) {
        Object needed = used.apply(settings);
        if (last.filter(recording -> recording.used().equals(needed)).isEmpty()) {
            last.ifPresent(other -> other.examples().close());
            last = Optional.empty();
            last = Optional.of(new Recording(needed, reader.apply(settings)));
        }
        return last.orElseThrow().examples();
    }

    private static void requireGoing(BooleanSupplier isStopped) {
        if (isStopped.getAsBoolean()) {
            throw new CancellationException("stopped while it read");
        }
    }

    private static RecordedExamples withPositives(RecordedExamples examples, String option) {
        if (!examples.havePositives()) {
            throw OptionFaults.unusable(option, "given", "must have clicks to learn from, of attribution.actions");
        }
        return examples;
    }

    private static RecordedExamples read(
            DataSet dataSet,
            MillraceSettings settings,
            long maxEvents,
            OutputOption output,
            BooleanSupplier isStopped) {
        RecordedExamples examples = new RecordedExamples(settings.attribution());
        BadRows bad = new BadRows(SHOWN_BAD_ROWS);
        SortedSet<String> untrained = new TreeSet<>();
        try (Stream<ReplayEvent> events = dataSet.events(bad);
                ProgressLine line = output.progress("read")) {
            long read = 0;
            long interactions = 0;
            for (Iterator<ReplayEvent> each = events.iterator(); interactions < maxEvents && each.hasNext(); ) {
                requireGoing(isStopped);
                ReplayEvent event = each.next();
                event.accept(examples);
                if (event instanceof ReplayEvent.ItemClick done
                        && !settings.attribution()
                                .actions()
                                .contains(done.click().action())
                        && untrained.size() < SHOWN_ACTIONS) {
                    untrained.add(done.click().action());
                }
                interactions += event.isInteraction() ? 1 : 0;
                read++;
                boolean isBounded = maxEvents < Long.MAX_VALUE;
                line.reached(isBounded ? interactions : read, isBounded ? maxEvents : Progress.UNKNOWN);
            }
        }
        examples.end();
        PrintWriter err = output.err();
        bad.first().forEach(err::println);
        if (bad.count() > 0) {
            err.printf(Locale.ROOT, "%,d rows could not be used%n", bad.count());
        }
        Books.Account clicks = Books.Account.of(InputTopic.CLICKS, examples.books());
        sayIfMost( // rows of actions may come without an exposure of the same item: then it is no log of exposures
                clicks.outcome(Outcome.ORPHAN) + clicks.waiting(), // nothing comes any more
                clicks,
                "found no exposure of their user and item within attribution.window. If the log has no exposures, set"
                        + " attribution.mode = clicks-only",
                err);
        sayIfMost( // actions may have other names than the settings expect
                clicks.outcome(Outcome.UNTRAINED_ACTION),
                clicks,
                "have actions that are not learnt: " + String.join(", ", untrained)
                        + ". attribution.actions names the actions that count as positives",
                err);
        if (!examples.havePositives()) {
            examples.books().forEach((topic, account) -> err.println(topic + ": " + account.inWords()));
            err.flush();
        }
        return withPositives(examples, "--data");
    }

    private static void sayIfMost(long some, Books.Account clicks, String what, PrintWriter err) {
        if (2 * some > clicks.received()) {
            err.printf(Locale.ROOT, "%,d of %,d clicks %s%n", some, clicks.received(), what);
        }
    }

    private record Recording(Object used, RecordedExamples examples) {}
}
