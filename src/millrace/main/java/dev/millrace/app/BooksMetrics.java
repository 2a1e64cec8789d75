package dev.millrace.app;

import dev.millrace.event.RejectReason;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.state.Books;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * The metrics of the books of all parts together, under the names that docs/operations.md lists. Safe for threads.
 *
 * <p>An outcome has its counter once an event has it. Rejected events have theirs from the beginning, in all and by reason, as Prometheus sees
 * no rise in a counter that begins above 0. Whoever makes an object keeps it: the registry does not.
 */
final class BooksMetrics {

    private final MeterRegistry registry;
    private final Set<String> counters = ConcurrentHashMap.newKeySet();
    private final Supplier<SortedMap<String, Books.Account>> books;

    /** @param books asked at each scrape, by logical topic */
    BooksMetrics(MeterRegistry registry, Supplier<SortedMap<String, Books.Account>> books) {
        this.registry = registry;
        this.books = books;
    }

    /** Registers them once the books are the latest that there are, so that no counter goes back for a start of this process. */
    static void follow(MeterRegistry registry, ProgressWatch progress) {
        BooksMetrics metrics = new BooksMetrics(registry, progress::books);
        progress.onceCaughtUp(() -> {
            metrics.register();
            progress.listenTo(part -> metrics.outcomes(part.books())); // first, or one that comes now would be missed
            metrics.outcomes(progress.books());
        });
    }

    void register() {
        for (InputTopic topic : InputTopic.values()) {
            account(topic);
        }
        for (InputTopic topic : InputTopic.FROM_PRODUCERS) {
            outcome(topic.label(), Outcome.REJECTED.label());
            for (RejectReason reason : RejectReason.values()) {
                if (reason != RejectReason.REFUSED_STEP) { // its letters are no events
                    letters(topic.label(), reason);
                }
            }
        }
    }

    /** Registers the counters of these outcomes. Those that are registered stay as they are. */
    void outcomes(SortedMap<String, Books.Account> accounts) {
        accounts.forEach(
                (topic, account) -> account.withoutReasons().keySet().forEach(outcome -> outcome(topic, outcome)));
    }

    private void account(InputTopic topic) {
        String name = topic.label();
        Tags tags = Tags.of("topic", name);
        counter("millrace.events.received", "events that the books have received", tags, name, Books.Account::received);
        gauge("millrace.events.waiting", "events that wait for their outcome", tags, name, Books.Account::waiting);
        gauge(
                "millrace.books.balanced",
                "1 if every event received has one outcome or waits for it",
                tags,
                name,
                account -> account.isBalanced() ? 1 : 0);
    }

    private void outcome(String topic, String outcome) {
        counter(
                "millrace.events",
                "events by their outcome",
                Tags.of("topic", topic, "outcome", outcome),
                topic,
                account -> account.withoutReasons().getOrDefault(outcome, 0L));
    }

    private void letters(String topic, RejectReason reason) {
        String label = Outcome.REJECTED.label(reason.label());
        counter(
                "millrace.dead.letters",
                "events that went to the dead letters, by reason",
                Tags.of("topic", topic, "reason", reason.label()),
                topic,
                account -> account.outcomes().getOrDefault(label, 0L));
    }

    private void counter(
            String name, String description, Tags tags, String topic, ToDoubleFunction<Books.Account> figure) {
        if (!counters.add(name + tags)) {
            return; // the registry warns of a second one
        }
        FunctionCounter.builder(name, this, one -> figure.applyAsDouble(one.account(topic)))
                .description(description)
                .tags(tags)
                .register(registry);
    }

    private void gauge(
            String name, String description, Tags tags, String topic, ToDoubleFunction<Books.Account> figure) {
        Gauge.builder(name, this, one -> figure.applyAsDouble(one.account(topic)))
                .description(description)
                .tags(tags)
                .register(registry);
    }

    private Books.Account account(String topic) {
        return books.get().getOrDefault(topic, Books.Account.EMPTY);
    }
}
