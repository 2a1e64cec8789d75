package dev.millrace.attribute;

import dev.millrace.app.MillraceSettings;
import dev.millrace.attribute.UserStates.Counted;
import dev.millrace.attribute.UserStates.KnownExposure;
import dev.millrace.attribute.UserStates.Tally;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.event.RejectReason;
import dev.millrace.event.UnusableEventException;
import dev.millrace.event.UserProfile;
import dev.millrace.feature.UserFeatures;
import dev.millrace.state.KeyIndex;
import dev.millrace.state.Utf8;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.EventRecords;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TrainingRecords;
import dev.millrace.wire.UndecodableException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.ListSerializer;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * The rules of {@link Attribution} as a function of Flink, keyed by user.
 *
 * <p>An event waits in keyed state until the watermark has passed its time, and is taken then: so a user's events of all topics are taken in the
 * order of their times, as Kafka Streams merges them before its processor sees them. One behind the watermark is taken when it comes. Equivalents:
 *
 * <ul>
 *   <li>Windows and waits end when the watermark, the least of all partitions, has passed their end. Millrace asks the clocks of two topics, the
 *       median of their users, which are later and have a bound on their skew. So two settings have other results here: with {@code attribution.late =
 *       positive} a late click takes features of another moment, and a user who comes back just after {@code users.expire-after} is a new one.
 *   <li>An exposure stores the user's features of its moment, where Millrace stores the version of profile and history.
 *   <li>Only exposures that may become examples have a timer for their window; whether a click is late is seen from the times.
 *   <li>Ids are forgotten in a sweep, twice a deduplication window. Until then their times say what is a duplicate.
 *   <li>A click that names no exposure reads all of the user's, as a map of Flink has no ranges.
 *   <li>Events that cannot be used, and all that makes no example, are dropped without books or dead letters.
 * </ul>
 */
public final class FlinkAttribution extends KeyedProcessFunction<String, SourceEvent, ProducerRecord<byte[], byte[]>> {

    /**
     * Halves of events done so far in this process: one when an event comes, one when it is taken. Flink makes its own copies of a function, so that
     * nobody could reach a field of one.
     */
    public static final LongAdder HALVES = new LongAdder();

    private final String settingsFile;

    // set by open, which Flink calls before all else
    private transient AttributionSettings settings;
    private transient TopicNames topics;
    private transient AvroWire wire;
    private transient EventRecords events;
    private transient TrainingRecords training;
    private transient MapState<Long, List<SourceEvent>> ahead;
    private transient ValueState<Tally> tallies;
    private transient ValueState<ProfileAndHistory> histories;
    private transient MapState<String, KnownExposure> exposures;
    private transient MapState<String, Long> seenExposures;
    private transient MapState<Long, List<String>> samples;
    private transient MapState<String, Long> seenClicks;
    private transient MapState<String, SourceEvent> waiting;
    private transient ValueState<Counted> clicked;
    private transient ValueState<Counted> unclicked;

    // of the call
    private transient Tally tally;

    @SuppressWarnings("NullAway.Init")
    private transient Context context;

    @SuppressWarnings("NullAway.Init")
    private transient Collector<ProducerRecord<byte[], byte[]>> out;

    /** @param settingsFile of {@code key = value} lines, on every machine */
    @SuppressWarnings("NullAway.Init")
    public FlinkAttribution(Path settingsFile) {
        this.settingsFile = settingsFile.toString();
    }

    @Override
    public void open(OpenContext opened) {
        MillraceSettings all = MillraceSettings.load(List.of(Path.of(settingsFile)), Map.of(), Map.of(), Map.of());
        settings = all.attribution();
        topics = all.topics().names();
        wire = new AvroWire(all.wire());
        events = new EventRecords(wire);
        training = new TrainingRecords(wire);
        TypeSerializer<SourceEvent> event = SourceEvent.TYPE.createSerializer(new SerializerConfigImpl());
        ahead = map("ahead", LongSerializer.INSTANCE, new ListSerializer<>(event));
        tallies = value("tally", Tally.SERIALIZER);
        histories = value("history", UserStates.HISTORY);
        exposures = map("exposures", StringSerializer.INSTANCE, KnownExposure.SERIALIZER);
        seenExposures = map("seen-exposures", StringSerializer.INSTANCE, LongSerializer.INSTANCE);
        samples = map("samples", LongSerializer.INSTANCE, new ListSerializer<>(StringSerializer.INSTANCE));
        seenClicks = map("seen-clicks", StringSerializer.INSTANCE, LongSerializer.INSTANCE);
        waiting = map("waiting-clicks", StringSerializer.INSTANCE, event);
        clicked = value("clicked", Counted.SERIALIZER);
        unclicked = value("unclicked", Counted.SERIALIZER);
        tally = Tally.NONE;
    }

    @Override
    public void processElement(SourceEvent event, Context called, Collector<ProducerRecord<byte[], byte[]>> collector)
            throws Exception {
        HALVES.increment();
        long watermark = called.timerService().currentWatermark();
        if (event.time() > watermark) {
            List<SourceEvent> ofTime =
                    Optional.ofNullable(ahead.get(event.time())).orElseGet(ArrayList::new);
            ofTime.add(event);
            ahead.put(event.time(), ofTime);
            called.timerService().registerEventTimeTimer(event.time());
        } else {
            Tally before = begin(called, collector);
            take(event, watermark);
            end(before);
        }
    }

    @Override
    public void onTimer(long time, OnTimerContext called, Collector<ProducerRecord<byte[], byte[]>> collector)
            throws Exception {
        Tally before = begin(called, collector);
        List<SourceEvent> due = ahead.get(time);
        if (due != null) {
            ahead.remove(time);
            for (SourceEvent event : due) {
                take(event, time);
            }
        }
        if (tally.sampled() > 0) {
            endWindows(time);
        }
        if (tally.waiting() > 0) {
            endWaits(time);
        }
        if (tally.sweepAt() == time) {
            sweep(time);
        }
        if (tally.idleAt() == time) {
            removeIdle(time);
        }
        end(before);
    }

    private Tally begin(Context called, Collector<ProducerRecord<byte[], byte[]>> collector) throws Exception {
        context = called;
        out = collector;
        tally = Objects.requireNonNullElse(tallies.value(), Tally.NONE);
        return tally;
    }

    private void end(Tally before) throws Exception {
        if (tally.equals(Tally.NONE)) {
            tallies.clear();
        } else if (!tally.equals(before)) {
            tallies.update(tally);
        }
    }

    /** @param now event time: that of the event, or the watermark if it is behind */
    private void take(SourceEvent event, long now) throws Exception {
        HALVES.increment();
        try {
            switch (event.topic()) {
                case SourceEvent.EXPOSURE -> expose(events.exposure(event.value()), now);
                case SourceEvent.CLICK -> click(event, clickOf(event), now);
                default -> {
                    if (event.value().length == 0) {
                        removeUser();
                    } else {
                        profile(events.profile(event.value()));
                    }
                }
            }
        } catch (UndecodableException | UnusableEventException unusable) {
            // dropped, see above
        }
    }

    private Click clickOf(SourceEvent event) {
        Click click = events.click(event.value());
        requireKey(click.user());
        long maxAhead = settings.maxAhead().toMillis();
        return click.sentWithin(click.time() - maxAhead, System.currentTimeMillis() + maxAhead);
    }

    private void requireKey(String user) {
        if (!user.equals(context.getCurrentKey())) {
            throw new UnusableEventException(
                    RejectReason.BAD_KEY, user, "must be the id that the event is partitioned by");
        }
    }

    private void expose(Exposure exposure, long now) throws Exception {
        requireKey(exposure.user());
        String key = key(exposure.item(), exposure.id());
        if (isKnown(seenExposures, key, now)) {
            return;
        }
        long until = settings.forgottenAfter(exposure.time());
        seenExposures.put(key, until);
        sweepBehind(Math.max(until, now));
        long ends = settings.windowEnd(Math.max(exposure.time(), now));
        UserFeatures user = history()
                .asOf(exposure.user(), exposure.time(), tally.counters().at(exposure.time()));
        exposures.put(key, new KnownExposure(ends, user, exposure.context(), List.of()));
        if (settings.unclicked().takes(exposure.user(), exposure.item(), exposure.id())) {
            List<String> ofTime = Optional.ofNullable(samples.get(ends + 1)).orElseGet(ArrayList::new);
            ofTime.add(key);
            samples.put(ends + 1, ofTime);
            timer(ends + 1);
            tally = tally.withSampled(1);
        }
        tally = tally.with(tally.counters().exposed(exposure.time()));
        watchIdle();
        if (tally.waiting() > 0) {
            attributeWaiting(exposure, key, now);
        }
    }

    private void click(SourceEvent event, Click click, long now) throws Exception {
        if (!settings.actions().contains(click.action()) || isKnown(seenClicks, click.id(), now)) {
            return;
        }
        long until = settings.deduplicationEnd(Math.max(click.time(), now));
        seenClicks.put(click.id(), until);
        sweepBehind(until);
        if (settings.mode() == AttributionSettings.Mode.CLICKS_ONLY) {
            learnAtItsOwnMoment(click);
            return;
        }
        Optional<String> answered = answeredBy(click, now);
        if (answered.isPresent()) {
            attribute(click, answered.get(), now);
        } else {
            long ends = settings.waitEnd(Math.max(click.time(), now));
            waiting.put(click.id(), new SourceEvent(event.topic(), event.user(), ends, event.value()));
            timer(ends + 1);
            tally = tally.withWaiting(1);
        }
    }

    private void profile(UserProfile profile) throws Exception {
        requireKey(profile.user());
        ProfileAndHistory known = history();
        boolean isUnchanged = tally.profileTime() > 0 && profile.features().equals(known.profile());
        if (profile.time() >= tally.profileTime() && !isUnchanged) {
            tally = tally.withProfileOf(profile.time());
            change(known.with(0, profile.features()));
            watchIdle();
        }
    }

    /** Returns the key of the exposure that a click answers: the one that it names, or the latest one of its item whose window covers it. */
    private Optional<String> answeredBy(Click click, long now) throws Exception {
        if (click.exposure().isPresent()) {
            String key = key(click.item(), click.exposure().get());
            return isKnown(seenExposures, key, now) ? Optional.of(key) : Optional.empty();
        }
        Optional<String> latest = Optional.empty();
        long latestTime = Long.MIN_VALUE;
        for (Map.Entry<String, KnownExposure> each : exposures.entries()) {
            long time = each.getValue().user().time();
            if (itemOf(each.getKey()).equals(click.item()) && settings.covers(time, click) && time > latestTime) {
                latest = Optional.of(each.getKey());
                latestTime = time;
            }
        }
        return latest;
    }

    private static boolean isKnown(MapState<String, Long> seen, String id, long now) throws Exception {
        Long until = seen.get(id);
        return until != null && now <= until;
    }

    private void attributeWaiting(Exposure exposure, String key, long now) throws Exception {
        List<Click> answering = new ArrayList<>();
        for (SourceEvent each : waiting.values()) {
            Click click = clickOf(each);
            if (click.item().equals(exposure.item())
                    && click.exposure().map(exposure.id()::equals).orElse(settings.covers(exposure.time(), click))) {
                answering.add(click);
            }
        }
        answering.sort(Comparator.comparing(Click::id));
        for (Click click : answering) {
            waiting.remove(click.id());
            tally = tally.withWaiting(-1);
            attribute(click, key, now);
        }
    }

    private void attribute(Click click, String key, long now) throws Exception {
        KnownExposure exposure = exposures.get(key);
        if (now > exposure.ends()
                || click.time() > settings.windowEnd(exposure.user().time())) {
            withoutOpenExposure(click);
        } else if (!exposure.actions().contains(click.action())) {
            exposures.put(key, exposure.with(click.action()));
            learn(click, exposure.user(), exposure.context());
        }
    }

    private void withoutOpenExposure(Click click) throws Exception {
        if (settings.late() == AttributionSettings.Late.POSITIVE) {
            learnAtItsOwnMoment(click);
        }
    }

    private void learnAtItsOwnMoment(Click click) throws Exception {
        UserFeatures user =
                history().asOf(click.user(), click.time(), tally.counters().at(click.time()));
        learn(click, user, click.context());
    }

    private void learn(Click click, UserFeatures user, Features features) throws Exception {
        double amount = next(clicked, click.item(), click.time(), click.weight());
        if (amount > 0) {
            send(new TrainingExample(
                    click.id(),
                    user,
                    features,
                    click.item(),
                    click.action(),
                    amount,
                    click.time(),
                    click.producedAt()));
        }
        ProfileAndHistory known = history();
        boolean stays = amount == 0
                && known.history().stream().anyMatch(visit -> visit.item().equals(click.item()));
        tally = tally.with(tally.counters().clicked(click.time()));
        change(stays ? known : known.clicked(click.item(), click.time(), settings.historyLength()));
        watchIdle();
    }

    /** Returns what a new example counts, and adds it to the user's sums; 0 if there is to be none. */
    private double next(ValueState<Counted> sums, String item, long time, double given) throws Exception {
        double weight = Math.min(given, settings.caps().mostWeight());
        if (!settings.caps().areAny()) {
            return weight;
        }
        Counted stored = Objects.requireNonNullElse(sums.value(), Counted.NONE);
        double halfLifeMillis = settings.caps().halfLife().toMillis();
        Counted counted = stored.decayed(Math.max(time, stored.asOf()), halfLifeMillis);
        long which = KeyIndex.fingerprint(item);
        double amount = settings.caps().amount(weight, counted.of(which), counted.all());
        if (amount > 0) {
            sums.update(counted.with(which, amount));
        }
        return amount;
    }

    private void endWindows(long time) throws Exception {
        List<String> ended = samples.get(time);
        if (ended == null) {
            return;
        }
        samples.remove(time);
        tally = tally.withSampled(-ended.size());
        for (String key : ended) {
            KnownExposure exposure = exposures.get(key);
            String item = itemOf(key);
            long end = settings.windowEnd(exposure.user().time());
            double amount = exposure.actions().isEmpty() ? next(unclicked, item, end, 1) : 0;
            if (amount > 0) {
                String id = key.substring(item.length() + 1);
                send(TrainingExample.unclicked(id, exposure.user(), exposure.context(), item, amount, end));
            }
        }
    }

    private void endWaits(long time) throws Exception {
        List<Click> ended = new ArrayList<>();
        for (Iterator<SourceEvent> all = waiting.values().iterator(); all.hasNext(); ) {
            SourceEvent each = all.next();
            if (each.time() < time) { // the end of its wait
                ended.add(clickOf(each));
                all.remove();
            }
        }
        for (Click click : ended) {
            tally = tally.withWaiting(-1);
            withoutOpenExposure(click);
        }
    }

    /** Sees to it that an id is forgotten some time after a moment. */
    private void sweepBehind(long moment) {
        if (tally.sweepAt() == 0) {
            tally = tally.sweptAt(moment + 1);
            timer(moment + 1);
        }
    }

    private void sweep(long time) throws Exception {
        boolean isAnyLeft = false;
        for (MapState<String, Long> seen : List.of(seenExposures, seenClicks)) {
            for (Iterator<Map.Entry<String, Long>> all = seen.entries().iterator(); all.hasNext(); ) {
                Map.Entry<String, Long> each = all.next();
                if (each.getValue() >= time) {
                    isAnyLeft = true;
                    continue;
                }
                if (seen == seenExposures) {
                    exposures.remove(each.getKey());
                }
                all.remove();
            }
        }
        tally = tally.sweptAt(0);
        if (isAnyLeft) {
            sweepBehind(time + settings.deduplicationWindow().toMillis() / 2);
        }
    }

    private void watchIdle() throws Exception {
        long expire = settings.expireUsersAfter().toMillis();
        if (expire > 0 && tally.idleAt() == 0) {
            long end = latestEvent(history()) + expire + 1;
            tally = tally.idleAt(end);
            timer(end);
        }
    }

    private void removeIdle(long time) throws Exception {
        tally = tally.idleAt(0);
        ProfileAndHistory known = history();
        if (latestEvent(known) + settings.expireUsersAfter().toMillis() >= time) {
            watchIdle();
            return;
        }
        if (tally.profileTime() > 0 || known.latestVisit() > 0) {
            sendRemoval();
        }
        forget();
        tally = tally.with(Counters.NONE).withProfileOf(0);
    }

    private void removeUser() {
        exposures.clear();
        seenExposures.clear();
        samples.clear();
        seenClicks.clear();
        waiting.clear();
        forget();
        tally = Tally.NONE;
        sendRemoval();
    }

    private void forget() {
        histories.clear();
        clicked.clear();
        unclicked.clear();
    }

    private ProfileAndHistory history() throws Exception {
        return Objects.requireNonNullElse(histories.value(), ProfileAndHistory.NONE);
    }

    private long latestEvent(ProfileAndHistory known) {
        return Math.max(Math.max(tally.counters().asOf(), tally.profileTime()), known.latestVisit());
    }

    /** Stores and publishes the user's profile and history. */
    private void change(ProfileAndHistory changed) throws Exception {
        histories.update(changed);
        long latest = latestEvent(changed);
        UserFeatures user =
                changed.asOf(context.getCurrentKey(), latest, tally.counters().at(latest));
        send(
                topics.userFeatures(),
                System.currentTimeMillis(),
                wire.encode(Topic.USER_FEATURES, topics.userFeatures(), user).orElseThrow());
    }

    private void send(TrainingExample example) {
        send(topics.trainingExamples(), example.time(), training.encode(topics.trainingExamples(), example));
    }

    private void sendRemoval() {
        long now = System.currentTimeMillis();
        String user = context.getCurrentKey();
        send(topics.userFeatures(), now, null);
        send(topics.trainingExamples(), now, training.encodeUserRemoval(topics.trainingExamples(), user));
    }

    @SuppressWarnings("NullAway") // Kafka's records are not annotated; a null value is what a tombstone is
    private void send(String topic, long time, byte @Nullable [] value) {
        out.collect(new ProducerRecord<>(topic, null, time, Utf8.bytes(context.getCurrentKey()), value));
    }

    private void timer(long time) {
        context.timerService().registerEventTimeTimer(time);
    }

    private <T> ValueState<T> value(String name, TypeSerializer<T> serializer) {
        return getRuntimeContext().getState(new ValueStateDescriptor<>(name, serializer));
    }

    private <K, V> MapState<K, V> map(String name, TypeSerializer<K> key, TypeSerializer<V> value) {
        return getRuntimeContext().getMapState(new MapStateDescriptor<>(name, key, value));
    }

    /** No id has a NUL. */
    private static String key(String item, String id) {
        return item + '\0' + id;
    }

    private static String itemOf(String key) {
        return key.substring(0, key.indexOf('\0'));
    }
}
