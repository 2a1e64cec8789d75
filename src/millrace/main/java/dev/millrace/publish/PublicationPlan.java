package dev.millrace.publish;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.model.MovedItems;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Form;
import dev.millrace.state.StoredFields;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Decides which vectors are published next: those of clicked, rehearsed and changed items at once, those whose rows moved
 * farthest, and as many of the oldest as keep every age within the bound.
 *
 * <p>A step moves the towers, and so every vector a little; rows of negatives and of histories move too. With N items
 * and a bound of B steps, {@code ⌈N Δ / B⌉} of the oldest are published Δ steps after the publication before. At most N
 * − 1 items are ahead of an item that was just published. So its turn comes again B steps later, or at the first
 * publication after that. A bound in event time is kept in the same way; the larger of the two numbers counts.
 *
 * <p>N is the {@link RecentPeak} of the catalogue, and the {@link AgeBound} may grow with it. The share {@code N / B(N)}
 * grows with N, so the turn of an item comes in time whatever comes and goes.
 *
 * <p>It does not read the weights. The cost of a publication grows with what it publishes, except for the first call after a restore. One
 * thread.
 */
public final class PublicationPlan implements Durable {

    /**
     * The age of the published vectors as of the last publication.
     *
     * @param maxSteps age of the oldest vector, learning steps
     * @param p99Steps age that one of a hundred vectors exceeds, learning steps
     * @param meanSteps mean age, learning steps
     * @param maxMillis age of the oldest vector, event time
     * @param boundSteps bound in force on the age of the oldest vector, learning steps; 0: none
     * @param ofBound age of the oldest vector, divided by the promised age; at most 1 if the promise is kept. The promised age is the bound
     *     plus the interval since the publication before
     */
    public record Age(long maxSteps, long p99Steps, double meanSteps, long maxMillis, long boundSteps, double ofBound) {

        /** The age without vectors. */
        public static final Age NONE = new Age(0, 0, 0, 0, 0, 0);
    }

    private static final byte STEPS = 'p';
    private static final byte ITEM = 'v';

    private final PublishSettings settings;
    private final byte[] key;
    private final PublicationOrder order;
    private Map<String, Long> touched = new LinkedHashMap<>();
    private Set<String> removed = new LinkedHashSet<>();
    private final RecentPeak peak;
    private long steps;
    private long firstTime; // event time of the first example; ages in event time count from it at the earliest
    private long eventTime;
    private PublicationOrder.Moment last = PublicationOrder.Moment.NONE;
    private Age age = Age.NONE;
    private long vectors;
    private final StoredFields stored = new StoredFields(this::fields);

    /**
     * @param prefix first byte of this state's keys
     * @param catalogue the items
     */
    public PublicationPlan(PublishSettings settings, char prefix, Catalogue catalogue) {
        this.settings = settings;
        this.key = new byte[] {(byte) prefix, STEPS};
        this.order = new PublicationOrder(catalogue, (byte) prefix, ITEM);
        this.peak = new RecentPeak(settings);
    }

    /** Returns true if an entry is of this state. */
    static boolean isOwn(byte[] entryKey) {
        return entryKey.length > 1 && (entryKey[1] == STEPS || entryKey[1] == ITEM);
    }

    /** Takes a step of the log. The catalogue has its changes, and vectors of removed items are gone. */
    public void stepped(MiniBatch batch) {
        steps = batch.step();
        stored.change();
        for (CatalogueChange change : batch.catalogue()) {
            if (change.isRemoval()) {
                touched.remove(change.itemId());
                removed.add(change.itemId());
            } else {
                removed.remove(change.itemId());
                touch(change.itemId());
            }
        }
    }

    /** Takes a batch whose step was refused. Its clicks still count for popularity. */
    public void refused(MiniBatch batch) {
        for (TrainingExample example : batch.examples()) {
            touch(example.item());
            passed(example.time());
        }
    }

    /** Advances event time to that of a batch that is not learnt. */
    void passedOver(MiniBatch batch) {
        batch.examples().forEach(example -> passed(example.time()));
    }

    /** Takes a batch that the model has learnt. */
    public void learnt(MiniBatch batch) {
        for (TrainingExample example : batch.examples()) {
            touch(example.item(), example.producedAt());
            passed(example.time());
        }
        batch.rehearsed().forEach(example -> touch(example.item()));
    }

    /** Adds the distances by which a step moved items' rows. */
    public void moved(MovedItems step) {
        order.moved(step);
    }

    /** Marks an item's vector for the next publication. */
    void touch(String item) {
        touched.putIfAbsent(item, 0L);
    }

    /**
     * Marks an item's vector for the next publication.
     *
     * @param producedAt wall clock when a click that the vector includes was produced, epoch milliseconds; 0 if there is none
     */
    void touch(String item, long producedAt) {
        touched.merge(item, producedAt, PublicationPlan::earlier);
    }

    /** Returns the marked items, with the wall clocks, and unmarks them. */
    Map<String, Long> takeTouched() {
        Map<String, Long> taken = touched;
        touched = new LinkedHashMap<>();
        return taken;
    }

    /** Returns the items that left the catalogue since the last call. */
    List<String> takeRemoved() {
        List<String> taken = List.copyOf(removed);
        removed = new LinkedHashSet<>(); // clearing costs what the largest one held
        return taken;
    }

    /**
     * Returns the items to publish now. The value is the wall clock when the earliest click that the vector includes
     * for the first time was produced, epoch milliseconds; 0 if there is none.
     */
    public Map<String, Long> due() {
        order.oldest(duty()).forEach(this::touch);
        long most = (steps - last.step()) * settings.mostMoved();
        order.farthest(most, item -> !touched.containsKey(item)).forEach(this::touch);
        return Collections.unmodifiableMap(touched);
    }

    /** Marks all that was {@link #due} as published; {@code items} are those that are in the catalogue, by their numbers. */
    public void published(int[] items) {
        PublicationOrder.Moment now = new PublicationOrder.Moment(steps, eventTime);
        Arrays.stream(items).forEach(item -> order.published(item, now));
        peak.observe(order.size(), now);
        vectors += items.length;
        touched = new LinkedHashMap<>(); // clearing costs what the largest one held
        measure(now);
        last = now;
        stored.change();
    }

    /** Updates the age when no vector could be published. */
    void withheld() {
        measure(last);
    }

    /** Returns the number of items that are still to be published. */
    int waiting(boolean areVectorsWithheld) {
        return (areVectorsWithheld ? 0 : touched.size()) + removed.size();
    }

    /** Returns the age of the published vectors. */
    public Age age() {
        return age;
    }

    /** Returns the number of vectors published so far, repeats included. */
    public long vectors() {
        return vectors;
    }

    long step() {
        return steps;
    }

    long eventTime() {
        return eventTime;
    }

    @Override
    public void restore(byte[] entryKey, byte[] value) {
        if (entryKey[1] == ITEM) {
            order.restore(entryKey, value);
            return;
        }
        stored.restore(value);
    }

    @Override
    public void drainDirty(EntrySink sink) {
        stored.drain(key, sink);
        order.drainDirty(sink);
    }

    private void fields(Form form) {
        steps = form.longInteger(steps);
        firstTime = form.longInteger(firstTime);
        eventTime = form.longInteger(eventTime);
        last = last.fields(form);
        vectors = form.longInteger(vectors);
        peak.fields(form);
    }

    /** Returns how many of the oldest must be published to keep the bound. */
    private long duty() {
        long bySteps = share(steps - last.step(), settings.bound().steps(peak.vectors()));
        long byTime = last.time() == 0
                ? 0
                : share(eventTime - last.time(), (double) settings.maxAge().toMillis());
        long due = Math.min(order.size(), Math.max(bySteps, byTime));
        return settings.maxVectors() == 0 ? due : Math.min(due, settings.maxVectors());
    }

    private long share(long passed, double bound) {
        return bound == 0 ? 0 : (long) Math.ceil((double) peak.vectors() * passed / bound);
    }

    /** @param since from when on the interval to the publication before counts */
    private void measure(PublicationOrder.Moment since) {
        Optional<PublicationOrder.Moment> oldest = order.oldest();
        if (oldest.isEmpty()) {
            age = Age.NONE;
            return;
        }
        long maxSteps = steps - oldest.get().step();
        long maxMillis = eventTime - Math.max(firstTime, oldest.get().time());
        long p99 = steps - order.behind(order.size() / 100).step();
        long bound = settings.bound().wholeSteps(peak.vectors());
        double ofSteps = share(maxSteps, bound, since.step() - last.step());
        double ofTime = share(maxMillis, settings.maxAge().toMillis(), since.time() - last.time());
        age = new Age(maxSteps, p99, steps - order.meanStep(), maxMillis, bound, Math.max(ofSteps, ofTime));
    }

    private static double share(long oldest, long bound, long interval) {
        return bound == 0 ? 0 : (double) oldest / (bound + interval);
    }

    private void passed(long time) {
        firstTime = firstTime == 0 ? time : firstTime;
        eventTime = Math.max(eventTime, time);
    }

    private static long earlier(long left, long right) {
        if (left == 0 || right == 0) {
            return Math.max(left, right);
        }
        return Math.min(left, right);
    }
}
