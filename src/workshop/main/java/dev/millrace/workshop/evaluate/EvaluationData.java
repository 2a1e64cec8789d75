package dev.millrace.workshop.evaluate;

import dev.millrace.app.MillraceSettings;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.cli.option.Clusters;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.dataset.DataSetSettings;
import dev.millrace.evaluate.RecordedExamples;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.UserProfile;
import dev.millrace.operation.Progress;
import dev.millrace.replay.BadRows;
import dev.millrace.replay.DataSet;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.shop.ShopSettings;
import dev.millrace.state.Books;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;
import dev.millrace.topic.BatchLog;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.TopicReader;
import java.util.Iterator;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;

/** The examples of a data set, or of a cluster's log. One thread. */
public final class EvaluationData {

    private static final int SHOWN_BAD_ROWS = 10;
    private static final int SHOWN_ACTIONS = 20;

    private final Function<MillraceSettings, DataSet> dataSets;
    private final long maxEvents;
    private final OutputOption output;
    private final BooleanSupplier isStopped;
    private Optional<Recording> last = Optional.empty();

    /**
     * @param dataSets opens the data set
     * @param maxEvents exposures and clicks to read; {@link Long#MAX_VALUE} for all
     * @param output shows how many events were read, and the rows that cannot be used
     * @param isStopped whether to read no further
     */
    public EvaluationData(
            Function<MillraceSettings, DataSet> dataSets,
            long maxEvents,
            OutputOption output,
            BooleanSupplier isStopped) {
        this.dataSets = dataSets;
        this.maxEvents = maxEvents;
        this.output = output;
        this.isStopped = isStopped;
    }

    /**
     * The examples, until other ones are asked for. The data set is read again only if other settings make other examples of it.
     *
     * @throws CancellationException if it was stopped before all was read
     */
    public RecordedExamples examples(MillraceSettings settings) {
        if (last.filter(recording -> recording.isFor(settings)).isEmpty()) {
            last.ifPresent(other -> other.examples().close());
            last = Optional.empty();
            last = Optional.of(read(settings));
        }
        return last.orElseThrow().examples();
    }

    /**
     * Reads a cluster's whole log of mini-batches.
     *
     * @throws CancellationException if it was stopped before all was read
     */
    public static RecordedExamples logged(MillraceSettings settings, Progress progress, BooleanSupplier isStopped) {
        Cluster cluster = Clusters.open(settings).followedBy(progress);
        RecordedExamples examples = new RecordedExamples(settings.attribution());
        try (TopicReader reader = cluster.reader()) {
            BatchLog log = cluster.batches(reader);
            log.read(log.firstStep().orElse(1), logged -> {
                examples.batch(logged.batch());
                return !isStopped.getAsBoolean();
            });
        }
        if (isStopped.getAsBoolean()) {
            throw new CancellationException("stopped while it read");
        }
        if (!examples.havePositives()) {
            throw OptionFaults.unusable("--mini-batches", "given", "must have clicks to learn from");
        }
        return examples;
    }

    private Recording read(MillraceSettings settings) {
        RecordedExamples examples = new RecordedExamples(settings.attribution());
        BadRows bad = new BadRows(SHOWN_BAD_ROWS);
        SortedSet<String> untrained = new TreeSet<>();
        ReplayEvent.Visitor reader = new IntoExamples(examples, click -> {
            if (!settings.attribution().actions().contains(click.action()) && untrained.size() < SHOWN_ACTIONS) {
                untrained.add(click.action());
            }
        });
        try (Stream<ReplayEvent> events = dataSets.apply(settings).events(bad);
                ProgressLine line = output.progress("read")) {
            long read = 0;
            long interactions = 0;
            for (Iterator<ReplayEvent> each = events.iterator(); interactions < maxEvents && each.hasNext(); ) {
                if (isStopped.getAsBoolean()) {
                    throw new CancellationException("stopped while it read");
                }
                ReplayEvent event = each.next();
                event.accept(reader);
                interactions += event.isInteraction() ? 1 : 0;
                read++;
                boolean isBounded = maxEvents < Long.MAX_VALUE;
                line.reached(isBounded ? interactions : read, isBounded ? maxEvents : Progress.UNKNOWN);
            }
        }
        examples.end();
        bad.first().forEach(output.err()::println);
        if (bad.count() > 0) {
            output.err().printf(Locale.ROOT, "%,d rows could not be used%n", bad.count());
        }
        Books.Account clicks = Books.Account.of(InputTopic.CLICKS, examples.books());
        sayIfMost( // rows of actions may come without an exposure of the same item: then it is no log of exposures
                clicks.outcome(Outcome.ORPHAN) + clicks.waiting(), // nothing comes any more
                clicks,
                "found no exposure of their user and item within attribution.window. If the log has no exposures, set"
                        + " attribution.mode = clicks-only");
        sayIfMost( // actions may have other names than the settings expect
                clicks.outcome(Outcome.UNTRAINED_ACTION),
                clicks,
                "have actions that are not learnt: " + String.join(", ", untrained)
                        + ". attribution.actions names the actions that count as positives");
        if (!examples.havePositives()) {
            examples.books().forEach((topic, account) -> output.err().println(topic + ": " + account.inWords()));
            output.err().flush();
            throw OptionFaults.unusable("--data", "given", "must have clicks to learn from, of attribution.actions");
        }
        return new Recording(
                settings.attribution(),
                DataSetSettings.read(settings.reader()),
                ShopSettings.read(settings.reader()),
                examples);
    }

    private void sayIfMost(long some, Books.Account clicks, String what) {
        if (2 * some > clicks.received()) {
            output.err().printf(Locale.ROOT, "%,d of %,d clicks %s%n", some, clicks.received(), what);
        }
    }

    /** Examples and the settings that they depend on. */
    private record Recording(
            AttributionSettings attribution, DataSetSettings replay, ShopSettings shop, RecordedExamples examples) {

        boolean isFor(MillraceSettings settings) {
            return attribution.equals(settings.attribution())
                    && replay.equals(DataSetSettings.read(settings.reader()))
                    && shop.equals(ShopSettings.read(settings.reader()));
        }
    }

    /** Hands each event to the examples. */
    private record IntoExamples(RecordedExamples examples, Consumer<Click> clicks) implements ReplayEvent.Visitor {
        @Override
        public void item(CatalogueItem item) {
            examples.item(item);
        }

        @Override
        public void profile(UserProfile profile) {
            examples.attribution().profile(profile);
        }

        @Override
        public void exposure(Exposure exposure) {
            examples.attribution().expose(exposure);
        }

        @Override
        public void click(Click click) {
            examples.attribution().click(click);
            clicks.accept(click);
        }

        @Override
        public void window(ReplayEvent.WindowMark mark) {
            examples.beginWindow(mark.window());
        }
    }
}
