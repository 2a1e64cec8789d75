package dev.millrace.app;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.replay.BadRow;
import dev.millrace.replay.DataSet;
import dev.millrace.replay.Pace;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.state.InputTopic;
import dev.millrace.topic.EventProducer;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Sends the events of a data set to their topics at a pace. Each carries the time at which it is sent. */
public final class ReplayRun {

    /** Events sent before a flush, which bounds how far apart in event time the topics can be. */
    private static final int FLUSH_EVERY = 1_000;

    private final DataSet dataSet;
    private final Pace pace;
    private final long maxEvents;
    private final Consumer<BadRow> badRows;
    private final Map<InputTopic, AtomicLong> sent = new EnumMap<>(InputTopic.class);
    private volatile boolean stopped;
    private volatile boolean finished;
    private volatile long latestTime; // of an exposure or click

    /**
     * @param maxEvents after which to stop; {@link Long#MAX_VALUE} for all
     * @param badRows is told of rows that cannot be used
     */
    public ReplayRun(DataSet dataSet, Pace pace, long maxEvents, Consumer<BadRow> badRows) {
        this.dataSet = dataSet;
        this.pace = pace;
        this.maxEvents = maxEvents;
        this.badRows = badRows;
        for (InputTopic topic : InputTopic.FROM_PRODUCERS) {
            sent.put(topic, new AtomicLong());
        }
    }

    /** Sends until the data set ends or {@link #stop} is called; returns when the brokers have all of it. */
    public void run(EventProducer producer, InstantSource clock) throws InterruptedException {
        Pacer pacer = Pacer.real(pace);
        try (Stream<ReplayEvent> events = dataSet.events(badRows)) {
            long number = 0;
            for (Iterator<ReplayEvent> each = events.iterator(); number < maxEvents && !stopped && each.hasNext(); ) {
                ReplayEvent event = each.next();
                if (event.isInteraction()) {
                    pacer.await(event); // catalogue and profiles go ahead of time
                    number++;
                    latestTime = Math.max(latestTime, event.time());
                }
                send(producer, event, clock.millis());
                if (number % FLUSH_EVERY == FLUSH_EVERY - 1) {
                    producer.flush();
                }
            }
        }
        producer.flush();
        finished = true;
    }

    public void stop() {
        stopped = true;
    }

    /**
     * Sends a click beside those of the data set, at the latest event time that was sent, and the exposure that it answers.
     *
     * @param id of both
     * @param action of the click
     * @return its event time; absent if nothing has been sent yet
     */
    public OptionalLong click(EventProducer producer, String id, String user, String item, String action, long now) {
        long time = latestTime;
        if (time == 0) {
            return OptionalLong.empty();
        }
        if (dataSet.hasExposures()) {
            Exposure exposure = new Exposure(id, user, item, time, now, Features.NONE);
            send(producer, new ReplayEvent.ItemExposure(exposure), now);
        }
        Optional<String> answered = dataSet.hasExposures() ? Optional.of(id) : Optional.empty();
        Click click = new Click(id, user, item, answered, action, 1, time, now, Features.NONE);
        send(producer, new ReplayEvent.ItemClick(click), now);
        return OptionalLong.of(time);
    }

    /** The latest event time of an exposure or click that was sent, epoch milliseconds; 0 if none was. */
    public long latestTime() {
        return latestTime;
    }

    /** Returns true once everything has been sent. */
    public boolean isFinished() {
        return finished;
    }

    /** Events sent so far, by input topic. */
    public Map<InputTopic, Long> sent() {
        Map<InputTopic, Long> counts = new EnumMap<>(InputTopic.class);
        sent.forEach((topic, count) -> counts.put(topic, count.get()));
        return counts;
    }

    private void send(EventProducer producer, ReplayEvent event, long now) {
        event.accept(new ReplayEvent.Visitor() {
            @Override
            public void item(CatalogueItem item) {
                producer.send(item);
                count(InputTopic.ITEMS);
            }

            @Override
            public void profile(UserProfile profile) {
                producer.send(profile);
                count(InputTopic.USERS);
            }

            @Override
            public void exposure(Exposure e) {
                producer.send(new Exposure(e.id(), e.user(), e.item(), e.time(), now, e.context()));
                count(InputTopic.EXPOSURES);
            }

            @Override
            public void click(Click c) {
                producer.send(new Click(
                        c.id(), c.user(), c.item(), c.exposure(), c.action(), c.weight(), c.time(), now, c.context()));
                count(InputTopic.CLICKS);
            }
        });
    }

    private void count(InputTopic topic) {
        sent.computeIfAbsent(topic, name -> new AtomicLong()).incrementAndGet();
    }
}
