package dev.millrace.serve;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.server.Request;

/**
 * The threads that answer requests. Health has one of its own, metrics too: whatever the others do, these answer. Batches have half as
 * many as single questions: a batch takes as long as all of its questions, and whoever asks one question must not wait for that. Orders of
 * operators go with the batches, as they wait for brokers.
 *
 * <p>Each kind lets only some of the connections wait. So there are always connections that wait for their clients, and that may be closed
 * to make room for new ones.
 */
final class AnsweringThreads implements AutoCloseable {

    private static final int QUESTIONS_SHARE = 2; // of the connections: half
    private static final int HEALTH_SHARE = 16;

    private static final int BATCH_SHARE = 4;
    private static final int THREADS_A_BATCH_THREAD = 2;

    private final ThreadPoolExecutor questions;
    private final ThreadPoolExecutor batches;
    private final ExecutorService health;
    private final ExecutorService metrics;

    AnsweringThreads(int threads, int maxConnections) {
        questions = threads("questions", threads, maxConnections / QUESTIONS_SHARE);
        batches = threads("batches", Math.max(1, threads / THREADS_A_BATCH_THREAD), maxConnections / BATCH_SHARE);
        health = threads("health", 1, maxConnections / HEALTH_SHARE);
        metrics = threads("metrics", 1, maxConnections / HEALTH_SHARE);
    }

    /** @param isBatch true if the body holds several questions */
    Executor of(Request request, boolean isBatch) {
        String path = String.valueOf(request.getHttpURI().getPath()); // CONNECT has none
        return switch (path) {
            case "/livez", "/readyz" -> health;
            case "/metrics" -> metrics;
            default -> isBatch || OperatorRoutes.isOrder(request.getMethod(), path) ? batches : questions;
        };
    }

    /** Batches that wait for a thread. */
    int waitingBatches() {
        return batches.getQueue().size();
    }

    /** Requests other than of health and metrics that wait for a thread. */
    int waitingQuestions() {
        return questions.getQueue().size();
    }

    /** Such requests that are being answered. */
    int busyQuestions() {
        return questions.getActiveCount();
    }

    @Override
    public void close() {
        questions.shutdown();
        batches.shutdown();
        health.shutdown();
        metrics.shutdown();
    }

    private static ThreadPoolExecutor threads(String name, int count, int maxWaiting) {
        AtomicInteger made = new AtomicInteger();
        return new ThreadPoolExecutor(
                count, count, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(Math.max(1, maxWaiting)), work -> {
                    Thread thread = new Thread(work, "http-" + name + "-" + made.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
    }
}
