package dev.millrace.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.app.ReplayRun;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.state.CounterRandom;
import dev.millrace.topic.EventProducer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiPredicate;
import java.util.stream.StreamSupport;

/**
 * Measures from outside, over and over, the time until a new item is recalled, until a click changes its user's answer, until an item that
 * a user does not want leaves the answer, and until a request is answered.
 *
 * <p>Each has a thread. The items and users are its own, so that nothing else changes their answers.
 */
final class FreshnessProbes implements AutoCloseable {

    /** The feature that only new items have, so that a filter finds them: {@code publish.attributes} must name it. */
    static final String MARK = "probe";

    /** The action by which users hide items: {@code attribution.negative-actions} must name it. */
    static final String HIDE = "hide";

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration COME =
            Duration.ofHours(1); // of the shop's time, which is fast: the item waits for no clock
    private static final long PAUSE_MILLIS = 997; // out of step with any interval of commits

    private final RecallClient recall;
    private final EventProducer producer;
    private final ReplayRun replay;
    private final Map<String, Sample> waits = new LinkedHashMap<>();
    private final Sample newItems = sample("new item → recalled");
    private final Sample changedAnswers = sample("click → its user's answer");
    private final Sample hiddenItems = sample("hide → gone from its user's answer");
    private final Sample requests = sample("recall request");
    private final AtomicInteger unanswered = new AtomicInteger();
    private final ScheduledExecutorService threads = Executors.newScheduledThreadPool(4);
    private final List<Future<?>> probes;

    /** A measurement that is repeated, with its number. */
    private interface Probe {
        void run(int number) throws IOException, InterruptedException;
    }

    /**
     * Begins to measure.
     *
     * @param replay of the shop
     * @param queriesPerSecond at which recall is asked evenly
     * @param users of the shop
     */
    FreshnessProbes(RecallClient recall, EventProducer producer, ReplayRun replay, double queriesPerSecond, int users) {
        this.recall = recall;
        this.producer = producer;
        this.replay = replay;
        long begin = System.nanoTime() + TimeUnit.SECONDS.toNanos(1); // when all below is loaded
        long period = (long) (1e9 / queriesPerSecond);
        Probe ask = number -> {
            recall.status("/v1/recall?k=10&user=u" + CounterRandom.below(users, 2, number, 0));
            requests.add(new Stopwatch(begin + number * period).millis());
        };
        this.probes = List.of(
                threads.scheduleWithFixedDelay(repeated(this::newItem), 0, PAUSE_MILLIS, TimeUnit.MILLISECONDS),
                threads.scheduleWithFixedDelay(repeated(this::click), 0, PAUSE_MILLIS, TimeUnit.MILLISECONDS),
                threads.scheduleWithFixedDelay(repeated(this::hide), 0, PAUSE_MILLIS, TimeUnit.MILLISECONDS),
                threads.scheduleAtFixedRate(repeated(ask), begin - System.nanoTime(), period, TimeUnit.NANOSECONDS));
    }

    /**
     * What was measured so far, by name: from an item being sent to a filtered recall that gives it, from a click being sent to an answer
     * that knows of it, and from when a request was due, so that none hides behind a slow one before it.
     */
    Map<String, Sample> waits() {
        return waits;
    }

    /** Items and clicks that did not show within half a minute. */
    int unanswered() {
        return unanswered.get();
    }

    /** Forgets what was measured so far. */
    void clear() {
        waits.values().forEach(Sample::clear);
        unanswered.set(0);
    }

    /** @throws IllegalStateException if a probe has failed */
    void requireAll() throws InterruptedException {
        for (Future<?> probe : probes) {
            requireUnfailed(probe);
        }
    }

    /** @throws IllegalStateException if a task has failed */
    static void requireUnfailed(Future<?> task) throws InterruptedException {
        if (task.isDone()) {
            try {
                task.get();
            } catch (ExecutionException failed) {
                throw new IllegalStateException("a part of the measurement failed: " + failed.getCause(), failed);
            }
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }

    private void newItem(int number) throws IOException, InterruptedException {
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
        Stopwatch sent = Stopwatch.start();
        producer.send(new CatalogueItem(item, replay.latestTime() - COME.toMillis(), features));
        String path = "/v1/recall?k=1&user=u0&filter." + MARK + "=" + item;
        await(sent, newItems, () -> first(path).equals(item));
    }

    /** An unknown user sees the best item of the answer and clicks it. From then on it is the reason for every other item. */
    private void click(int number) throws IOException, InterruptedException {
        act(number, "click", changedAnswers, (item, answer) -> isForWhoClicked(item, answer.path("items")));
    }

    /** An unknown user does not want the best item of the answer. From then on the answer says so. */
    private void hide(int number) throws IOException, InterruptedException {
        act(
                number,
                HIDE,
                hiddenItems,
                (item, answer) -> !isIn(item, answer.path("items"))
                        && answer.path("hidden").path(0).asText().equals(item));
    }

    private void act(int number, String action, Sample sample, BiPredicate<String, JsonNode> isSeen)
            throws IOException, InterruptedException {
        String user = "probe-" + action + "-user-" + number;
        String path = "/v1/recall?k=10&explain=true&user=" + user;
        String item = first(path);
        if (item.isEmpty()) {
            return; // nothing is served yet
        }
        Stopwatch sent = Stopwatch.start();
        replay.click(producer, "probe-" + action + "-" + number, user, item, action, System.currentTimeMillis());
        await(sent, sample, () -> recall.ask(path)
                .map(answer -> isSeen.test(item, answer))
                .orElse(false));
    }

    /** The first item of an answer; empty if there is none. */
    private String first(String path) throws InterruptedException {
        return recall.ask(path)
                .map(answer -> answer.path("items").path(0).path("item").asText())
                .orElse("");
    }

    private static boolean isIn(String item, JsonNode items) {
        return StreamSupport.stream(items.spliterator(), false)
                .anyMatch(each -> each.path("item").asText().equals(item));
    }

    /** Clicked items do not come again. */
    private static boolean isForWhoClicked(String item, JsonNode items) {
        return !isIn(item, items)
                && items.path(0).path("nearest").path(0).path("item").asText().equals(item);
    }

    private void await(Stopwatch sent, Sample sample, Stopwatch.Condition condition)
            throws IOException, InterruptedException {
        if (sent.reaches(PATIENCE, condition)) {
            sample.add(sent.millis());
        } else {
            unanswered.incrementAndGet();
        }
    }

    private Sample sample(String wait) {
        return waits.computeIfAbsent(wait, name -> new Sample());
    }

    private static Runnable repeated(Probe probe) {
        AtomicInteger number = new AtomicInteger();
        return () -> {
            try {
                probe.run(number.getAndIncrement());
            } catch (InterruptedException closing) {
                Thread.currentThread().interrupt();
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        };
    }
}
