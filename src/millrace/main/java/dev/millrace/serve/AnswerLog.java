package dev.millrace.serve;

import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.follow.LogStanding;
import dev.millrace.follow.ServedState;
import dev.millrace.index.ItemIndex;
import dev.millrace.recall.Answer;
import dev.millrace.recall.LoggedAnswer;
import dev.millrace.recall.LoggedAnswer.Unlogged;
import dev.millrace.recall.RecallRequest;
import dev.millrace.recall.ServedGeneration;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.EventDelivery;
import dev.millrace.topic.EventDelivery.Event;
import dev.millrace.topic.EventDelivery.UndeliveredException;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.Topic;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs a sample of the answers about users.
 *
 * <p>No answer waits for it: what has no room in a bounded queue is dropped, and counted. Safe for threads.
 */
public final class AnswerLog implements AutoCloseable {

    /**
     * Where answers are logged.
     *
     * @param topic its name in the cluster
     */
    public record Target(ClientSettings clients, String topic, AvroWire wire) {}

    private static final Logger LOG = LoggerFactory.getLogger(AnswerLog.class);

    private static final int MOST_WAITING = 1_000;
    private static final int MOST_AT_ONCE = 200;
    private static final long BUFFER_BYTES = 16 << 20;
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final long PAUSE_MILLIS = 100;
    /** Of the golden ratio, in 64 bits: multiples of it are spread evenly (Knuth 1998, 6.4). */
    private static final long SPREAD = 0x9E3779B97F4A7C15L;

    private static final double MOST_OF_53_BITS = 0x1p53;

    private final double share;
    private final ServedState state;
    private final LogStanding standing;
    private final Target target;
    private final InstantSource clock;
    private final String server = machine() + '-' + UUID.randomUUID().toString().substring(0, 8);
    private final AtomicLong asked = new AtomicLong();
    private final AtomicLong logged = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();
    private final BlockingQueue<LoggedAnswer> waiting = new ArrayBlockingQueue<>(MOST_WAITING);
    private final EventDelivery delivery;
    private final Thread sender = new Thread(this::sendAll, "log-answers");
    private volatile boolean isClosing;

    /**
     * @param share of the answers, in (0, 1]
     * @param standing that follows all that {@code state} is made from
     */
    public AnswerLog(double share, ServedState state, LogStanding standing, Target target, InstantSource clock) {
        this.share = share;
        this.state = state;
        this.standing = standing;
        this.target = target;
        this.clock = clock;
        this.delivery = new EventDelivery(target.clients(), BUFFER_BYTES, TIMEOUT, clock);
        sender.setDaemon(true);
        sender.start();
    }

    /** Answers a question, and perhaps logs the answer. */
    Answer answer(RecallRequest request, ServedGeneration from) {
        if (!isSampled(asked.getAndIncrement(), share)) {
            return state.engine().recall(request, from);
        }
        Optional<UserFeatures> known = request.given().or(() -> state.user(request.user()));
        LogStanding.View before = standing.now(from.generation());
        ItemIndex.AsOf index = from.index().asOf();
        Answer answer = state.engine().recall(known.map(request::about).orElse(request), from, true);
        boolean isStill = standing.isStill(before);
        return answer.when(
                found -> {
                    boolean isMoved = !isStill || found.isColdStart() != known.isEmpty();
                    log(logged(request, known, found, new LoggedAnswer.Standing(before.positions(), isMoved, index)));
                    return request.reasons() > 0 ? found : found.because(List.of(), List.of());
                },
                refusal -> refusal);
    }

    /** Answers that the brokers have. */
    long logged() {
        return logged.get();
    }

    /** Answers that were to be logged, and were not. */
    long dropped() {
        return dropped.get();
    }

    /** Sends what waits, within its time. */
    @Override
    public void close() {
        isClosing = true;
        try {
            sender.join(TIMEOUT.toMillis());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        delivery.close();
    }

    /** Whether the answer of a number is of the sample. Of any many in a row it is that share, and no user is in it more than others. */
    static boolean isSampled(long number, double share) {
        return ((number * SPREAD) >>> 11) < share * MOST_OF_53_BITS;
    }

    private LoggedAnswer logged(
            RecallRequest request, Optional<UserFeatures> known, Answer.Found found, LoggedAnswer.Standing standing) {
        String user = LoggedAnswer.Asker.digest(request.user());
        Set<Unlogged> unlogged = EnumSet.noneOf(Unlogged.class);
        if (!request.context().equals(Features.NONE)) {
            unlogged.add(Unlogged.CONTEXT);
        }
        if (request.given().isPresent()) {
            unlogged.add(Unlogged.FEATURES);
        }
        RecallRequest plain = new RecallRequest(
                user,
                request.k(),
                request.isSeenExcluded(),
                request.excluded(),
                request.filter(),
                Features.NONE,
                request.weights(),
                Optional.empty(),
                Optional.empty(),
                0,
                request.arrangement());
        List<LoggedAnswer.Item> items = IntStream.range(0, found.items().size())
                .mapToObj(at -> LoggedAnswer.Item.of(found, at))
                .toList();
        return new LoggedAnswer(
                new LoggedAnswer.Origin(server, clock.millis(), found.generation(), found.assigned()),
                new LoggedAnswer.Asker(user, known.map(LoggedAnswer.Asker::hash)),
                new LoggedAnswer.Question(plain, unlogged),
                standing,
                found.query(),
                items,
                found.draw());
    }

    private void log(LoggedAnswer answer) {
        if (!waiting.offer(answer)) {
            dropped.incrementAndGet();
        }
    }

    private void sendAll() {
        try {
            while (!isClosing || !waiting.isEmpty()) {
                LoggedAnswer first = waiting.poll(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
                if (first != null) {
                    List<LoggedAnswer> answers = new ArrayList<>(List.of(first));
                    waiting.drainTo(answers, MOST_AT_ONCE - 1);
                    send(answers);
                }
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void send(List<LoggedAnswer> answers) {
        try {
            delivery.deliver(answers.stream().map(this::event).toList());
            logged.addAndGet(answers.size());
        } catch (UndeliveredException told) { // by the delivery, in the log; some may have been written
            dropped.addAndGet(answers.size());
        } catch (RuntimeException failed) { // no schema from the registry: the next may be sent
            dropped.addAndGet(answers.size());
            LOG.warn("Answers could not be logged: {}", failed.getMessage());
        }
    }

    private Event event(LoggedAnswer answer) {
        return new Event(
                target.topic(),
                answer.asker().user(),
                target.wire().encode(Topic.ANSWERS, target.topic(), answer).orElseThrow(),
                answer.origin().at());
    }

    private static String machine() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException unnamed) {
            return "unnamed";
        }
    }
}
