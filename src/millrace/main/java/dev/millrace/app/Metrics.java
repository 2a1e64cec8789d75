package dev.millrace.app;

import dev.millrace.alarm.InputAlarms;
import dev.millrace.alarm.Symptom;
import dev.millrace.event.RejectReason;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.follow.TopicView;
import dev.millrace.operation.OperatorAction;
import dev.millrace.operation.OperatorAction.Kind;
import dev.millrace.state.Books;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;
import dev.millrace.topic.transaction.JudgedTransaction;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

/**
 * The metrics of trainers and servers, each with what it means: no page lists them. Safe for threads.
 *
 * <p>Counters are there once the latest progress is known, so that they never go back for a start of this process.
 */
final class Metrics {

    private static final Map<String, Kind> VERIFIED = Map.of("model", Kind.VERIFY_MODEL, "books", Kind.VERIFY_COUNTS);
    private static final double MILLIS_A_SECOND = 1_000;

    private final MeterRegistry registry;
    private final Set<String> counters = ConcurrentHashMap.newKeySet();

    Metrics(MeterRegistry registry) {
        this.registry = registry;
    }

    /** The books of all parts together, and every outcome that an event has or will have. */
    void books(ProgressWatch progress) {
        progress.onceCaughtUp(() -> {
            books(progress::books);
            progress.listenTo(
                    part -> outcomes(part.books(), progress::books)); // first, or one that comes now would be missed
            outcomes(progress.books(), progress::books);
        });
    }

    /**
     * The books by logical topic. Rejected events have their counters from the beginning, in all and by reason, as Prometheus sees no rise in a
     * counter that begins above 0.
     *
     * @param books asked at each scrape
     */
    void books(Supplier<SortedMap<String, Books.Account>> books) {
        for (InputTopic topic : InputTopic.values()) {
            account(topic.label(), books);
        }
        for (InputTopic topic : InputTopic.FROM_PRODUCERS) {
            outcome(topic.label(), Outcome.REJECTED.label(), books);
            for (RejectReason reason : RejectReason.values()) {
                if (reason != RejectReason.REFUSED_STEP) { // its letters are no events
                    String label = Outcome.REJECTED.label(reason.label());
                    counter(
                            "millrace.dead.letters",
                            "events that went to the dead letters, by reason",
                            Tags.of("topic", topic.label(), "reason", reason.label()),
                            () -> Books.Account.of(topic, books.get())
                                    .outcomes()
                                    .getOrDefault(label, 0L));
                }
            }
        }
    }

    /** One account of the books, by its label. */
    void account(String label, Supplier<SortedMap<String, Books.Account>> books) {
        Tags tags = Tags.of("topic", label);
        Supplier<Books.Account> account = () -> books.get().getOrDefault(label, Books.Account.EMPTY);
        counter("millrace.events.received", "events that the books have received", tags, () -> account.get()
                .received());
        gauge("millrace.events.waiting", "events that wait for their outcome", tags, () -> account.get()
                .waiting());
        gauge(
                "millrace.books.balanced",
                "1 if every event received has one outcome or waits for it",
                tags,
                () -> account.get().isBalanced() ? 1 : 0);
    }

    /** Registers the counters of the outcomes of these accounts. Those that are registered stay as they are. */
    void outcomes(SortedMap<String, Books.Account> accounts, Supplier<SortedMap<String, Books.Account>> books) {
        accounts.forEach((topic, account) ->
                account.withoutReasons().keySet().forEach(outcome -> outcome(topic, outcome, books)));
    }

    private void outcome(String topic, String outcome, Supplier<SortedMap<String, Books.Account>> books) {
        counter(
                "millrace.events",
                "events by their outcome",
                Tags.of("topic", topic, "outcome", outcome),
                () -> books.get()
                        .getOrDefault(topic, Books.Account.EMPTY)
                        .withoutReasons()
                        .getOrDefault(outcome, 0L));
    }

    /** The alarms about events. */
    void inputs(InputAlarms alarms) {
        for (Symptom kind : Symptom.OF_EVENTS) {
            Tags tags = Tags.of("alarm", kind.text());
            Supplier<InputAlarms.State> state = () -> alarms.states().stream()
                    .filter(each -> each.kind() == kind)
                    .findFirst()
                    .orElseThrow();
            gauge(
                    "millrace.input.alarm",
                    "1 while a measure of the events is beyond its limit",
                    tags,
                    () -> state.get().isActive() ? 1 : 0);
            gauge(
                    "millrace.input.measure",
                    "the measure of the events that the alarm compares with its limit",
                    tags,
                    () -> state.get().value());
        }
    }

    /** The number of transactions that stand before this process's readers. */
    void standing(Supplier<List<JudgedTransaction>> transactions) {
        gauge(
                "millrace.transactions.standing",
                "transactions that readers of committed records cannot pass",
                Tags.empty(),
                () -> transactions.get().size());
    }

    /** When model and books were last verified, and what came of it; not numbers before the first recorded verification. */
    void verifications(TopicView<Kind, OperatorAction> audits, InstantSource clock) {
        VERIFIED.forEach((of, kind) -> {
            gauge(
                    "millrace.verification.age.seconds",
                    "time since the latest recorded verification",
                    Tags.of("of", of),
                    () -> audits.latest(kind)
                            .map(action -> (clock.millis() - action.at()) / MILLIS_A_SECOND)
                            .orElse(Double.NaN));
            gauge(
                    "millrace.verification.agrees",
                    "1 if the latest recorded verification found no difference",
                    Tags.of("of", of),
                    () -> audits.latest(kind)
                            .map(action -> action.result() == OperatorAction.Result.AGREES ? 1.0 : 0.0)
                            .orElse(Double.NaN));
        });
    }

    void gauge(String name, String description, Tags tags, DoubleSupplier value) {
        Gauge.builder(name, value::getAsDouble)
                .description(description)
                .tags(tags)
                .register(registry);
    }

    void counter(String name, String description, Tags tags, DoubleSupplier value) {
        if (counters.add(name + tags)) { // the registry warns of a second one
            FunctionCounter.builder(name, registry, any -> value.getAsDouble()) // which lives as long as it is asked
                    .description(description)
                    .tags(tags)
                    .register(registry);
        }
    }
}
