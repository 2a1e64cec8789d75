package dev.millrace.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.topic.EventProducer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Measures from outside, over and over, the time until a new item is recalled, until a click changes its user's answer, and until a
 * request is answered.
 *
 * <p>Each has a thread. The items and users are its own, so that nothing else changes their answers.
 */
final class FreshnessProbes implements AutoCloseable {

    /** The feature that only new items have, so that a filter finds them: {@code publish.attributes} must name it. */
    static final String MARK = "probe";

    private static final long POLL_MILLIS = 10;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final int SHORTEST_PAUSE_MILLIS = 500;
    private static final int LONGEST_PAUSE_MILLIS = 1_500;

    private final RecallClient recall;
    private final EventProducer producer;
    private final LongSupplier eventTime;
    private final double queriesPerSecond;
    private final int users;
    private final SplittableRandom random = new SplittableRandom(1);
    private final DurationSample newItems = new DurationSample();
    private final DurationSample changedAnswers = new DurationSample();
    private final DurationSample requests = new DurationSample();
    private final AtomicInteger unanswered = new AtomicInteger();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final List<Thread> threads;
    private volatile boolean isClosing;

    /** A measurement that is repeated, with its number. */
    private interface Probe {
        void run(int number) throws InterruptedException;
    }

    /** What is waited for. */
    private interface Condition {
        boolean holds() throws InterruptedException;
    }

    /**
     * Begins to measure.
     *
     * @param eventTime of the shop, now, epoch milliseconds
     * @param queriesPerSecond at which recall is asked evenly
     * @param users of the shop
     */
    FreshnessProbes(
            RecallClient recall, EventProducer producer, LongSupplier eventTime, double queriesPerSecond, int users) {
        this.recall = recall;
        this.producer = producer;
        this.eventTime = eventTime;
        this.queriesPerSecond = queriesPerSecond;
        this.users = users;
        this.threads = List.of(
                thread("probe-items", random.split(), this::newItem),
                thread("probe-clicks", random.split(), this::click),
                new Thread(() -> guarded(this::ask), "probe-requests"));
        threads.forEach(Thread::start);
    }

    /** From an item being sent to a filtered recall that gives it. */
    DurationSample newItems() {
        return newItems;
    }

    /** From a click being sent to an answer that knows of it. */
    DurationSample changedAnswers() {
        return changedAnswers;
    }

    /** From when a request was due, so that none hides behind a slow one before it. */
    DurationSample requests() {
        return requests;
    }

    /** Items and clicks that did not show within half a minute. */
    int unanswered() {
        return unanswered.get();
    }

    /** Forgets what was measured so far. */
    void clear() {
        List.of(newItems, changedAnswers, requests).forEach(DurationSample::clear);
        unanswered.set(0);
    }

    /** Why a probe has ended; absent while all go on. */
    Optional<Throwable> failure() {
        return Optional.ofNullable(failure.get());
    }

    @Override
    public void close() {
        isClosing = true;
        threads.forEach(Thread::interrupt);
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void newItem(int number) throws InterruptedException {
        String item = "probe-item-" + number;
        Features features = Features.of(Map.of(
                "category",
                new FeatureValue.Category("category-" + number % 20),
                "brand",
                new FeatureValue.Category("brand-" + number % 60),
                "price",
                new FeatureValue.Quantity(3),
                MARK,
                new FeatureValue.Category(item)));
        long sent = System.nanoTime();
        producer.send(new CatalogueItem(item, eventTime.getAsLong(), features));
        String path = "/v1/recall?k=1&user=u0&filter." + MARK + "=" + item;
        await(sent, newItems, () -> recall.ask(path)
                .map(answer ->
                        answer.path("items").path(0).path("item").asText().equals(item))
                .orElse(false));
    }

    /** An unknown user sees the best item of the answer and clicks it. From then on it is the reason for every other item. */
    private void click(int number) throws InterruptedException {
        String user = "probe-user-" + number;
        String path = "/v1/recall?k=10&explain=true&user=" + user;
        String item = recall.ask(path)
                .map(answer -> answer.path("items").path(0).path("item").asText())
                .orElse("");
        if (item.isEmpty()) {
            return; // nothing is served yet
        }
        long now = eventTime.getAsLong();
        String exposure = "probe-exposure-" + number;
        producer.send(new Exposure(exposure, user, item, now, System.currentTimeMillis(), Features.NONE));
        producer.flush();
        long sent = System.nanoTime();
        producer.send(new Click(
                "probe-click-" + number,
                user,
                item,
                Optional.of(exposure),
                "click",
                1,
                now,
                System.currentTimeMillis(),
                Features.NONE));
        await(sent, changedAnswers, () -> recall.ask(path)
                .map(answer -> isForWhoClicked(item, answer.path("items")))
                .orElse(false));
    }

    private static boolean isForWhoClicked(String item, JsonNode items) {
        for (JsonNode each : items) {
            if (each.path("item").asText().equals(item)) {
                return false; // clicked items do not come again
            }
        }
        return items.path(0).path("nearest").path(0).path("item").asText().equals(item);
    }

    private void await(long sentNanos, DurationSample waits, Condition condition) throws InterruptedException {
        while (!condition.holds()) {
            if (System.nanoTime() - sentNanos > PATIENCE_NANOS) {
                unanswered.incrementAndGet();
                return;
            }
            Thread.sleep(POLL_MILLIS);
        }
        waits.add((System.nanoTime() - sentNanos) / 1e6);
    }

    private void ask(int ignored) throws InterruptedException {
        SplittableRandom who = new SplittableRandom(2);
        long begin = System.nanoTime();
        for (long number = 0; !isClosing; number++) {
            long due = begin + (long) (number * 1e9 / queriesPerSecond);
            long early = due - System.nanoTime();
            if (early > 0) {
                TimeUnit.NANOSECONDS.sleep(early);
            }
            recall.status("/v1/recall?k=10&user=u" + who.nextInt(users));
            requests.add((System.nanoTime() - due) / 1e6);
        }
    }

    private Thread thread(String name, SplittableRandom pauses, Probe probe) {
        return new Thread(
                () -> guarded(ignored -> {
                    for (int number = 0; !isClosing; number++) {
                        probe.run(number);
                        Thread.sleep(pauses.nextInt(SHORTEST_PAUSE_MILLIS, LONGEST_PAUSE_MILLIS));
                    }
                }),
                name);
    }

    private void guarded(Probe probe) {
        try {
            probe.run(0);
        } catch (InterruptedException closing) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error thrown) {
            if (!isClosing) {
                failure.compareAndSet(null, thrown);
            }
        }
    }
}
