package dev.millrace.publish;

import dev.millrace.batch.Catalogue;
import dev.millrace.batch.FastPopularity;
import dev.millrace.batch.MiniBatch;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.exam.ExamTotals;
import dev.millrace.generation.PublicationStage;
import dev.millrace.model.TwoTower;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Publishes the vectors that the {@link PublicationPlan} asks for, unless they must not go out.
 *
 * <p>An item's popularity goes out with its vector, and with each of its clicks. Without clicks it only decays, by a law that
 * subscribers know, so that nothing need be published for it; unless it is a component of the vector: then an item goes out again
 * whenever its number falls below a multiple of {@link PublishSettings#popularityMinMove}.
 *
 * <p>While the learner refuses its steps, finds much less than before, or what it would publish is not sound, all vectors are withheld;
 * tombstones go out. Once none of it holds any more, all of the catalogue and of the query side is published anew.
 */
public final class Publisher implements Durable {

    private static final double UNIT_TOLERANCE = 1e-3;
    private static final byte GATE = 'g';

    private final PublishSettings settings;
    private final byte[] key;
    private final byte[] gateKey;
    private final QualityGate gate;
    private final PublicationPlan plan;
    private long popularityTime; // up to which vectors have their component of popularity right, within the move
    private int refusedInARow;
    private Optional<String> withheld = Optional.empty();
    private PublicationStage stage = PublicationStage.UNKNOWN;
    private boolean dirty;

    /** @param prefix first byte of this state's keys */
    public Publisher(PublishSettings settings, char prefix) {
        this.settings = settings;
        this.key = new byte[] {(byte) prefix};
        this.gateKey = new byte[] {(byte) prefix, GATE};
        this.gate = new QualityGate(settings.gate());
        this.plan = new PublicationPlan(settings, prefix);
    }

    /** Notes a step of the log and what it changed in the catalogue. */
    public void stepped(MiniBatch batch) {
        plan.stepped(batch);
    }

    /** Notes that the step was refused; its clicks count as popularity all the same. */
    public void refused(MiniBatch batch) {
        refusedInARow++;
        dirty = true;
        plan.refused(batch);
    }

    /** Notes that the model does not learn from a batch, as all of it happened before the start. */
    public void passedOver(MiniBatch batch) {
        plan.passedOver(batch);
    }

    /** Notes the examples that the model has learnt from, and how far it moved items' rows. */
    public void learnt(MiniBatch batch, TwoTower model) {
        dirty |= refusedInARow > 0;
        refusedInARow = 0;
        plan.learnt(batch);
        if (settings.mostMoved() > 0) {
            model.forEachMove(plan::moved);
        }
    }

    /** Notes the exam so far, and how many items the catalogue has. */
    public void examined(ExamTotals totals, int items) {
        gate.examined(totals, items);
    }

    /** Why nothing but tombstones was let out by the last {@link #take}; absent if all was. */
    public Optional<String> withheld() {
        return withheld;
    }

    /** Lets the next {@link #take} give all of the catalogue, and the query side with it. */
    public void publishAnew() {
        withheld = Optional.of("nothing was published yet");
        stage = PublicationStage.UNKNOWN;
        dirty = true;
    }

    /**
     * The vectors to publish now; each item at most once, tombstones first.
     *
     * <p>The entries of the query side that the model drains next go the same way: while something is {@link #withheld} only
     * deletions may be sent, and when that ends the model is told to drain all of them.
     */
    public List<ItemEmbedding> take(TwoTower model, Catalogue catalogue, FastPopularity popularity) {
        return take(model, catalogue, popularity, Optional.empty());
    }

    /** As {@link #take(TwoTower, Catalogue, FastPopularity)}, with a reason for which vectors must wait, if there is one. */
    public List<ItemEmbedding> take(
            TwoTower model, Catalogue catalogue, FastPopularity popularity, Optional<String> hold) {
        List<ItemEmbedding> embeddings = new ArrayList<>();
        for (String item : plan.takeRemoved()) {
            embeddings.add(
                    new ItemEmbedding(item, Optional.empty(), model.generation(), plan.step(), plan.eventTime(), 0));
        }
        Optional<String> reason =
                hold.or(this::refusals).or(gate::closed).or(() -> model.unusableQuerySide(withheld.isPresent()));
        if (reason.isEmpty()) {
            touchCooled(popularity);
            if (withheld.isPresent()) {
                for (int number = 0; number < catalogue.size(); number++) {
                    plan.touch(catalogue.itemAt(number));
                }
            }
            List<ItemEmbedding> vectors = vectors(plan.due(), model, catalogue, popularity);
            reason = firstUnsound(vectors, model.channels());
            if (reason.isEmpty()) {
                if (withheld.isPresent()) {
                    model.touchQuerySide();
                }
                embeddings.addAll(vectors);
                plan.published(vectors.stream().map(ItemEmbedding::item).toList());
            }
        }
        if (reason.isPresent()) {
            plan.withheld();
        }
        if (!withheld.equals(reason)) {
            withheld = reason;
            dirty = true;
        }
        return embeddings;
    }

    /**
     * Marks the generation as known to others from now on. Returns true the first time: the next {@link #take} then gives all of it, as
     * what was taken until now went nowhere.
     */
    public boolean start() {
        boolean isFirst = stage == PublicationStage.UNKNOWN;
        if (isFirst) {
            publishAnew();
            stage = PublicationStage.STARTED;
        }
        return isFirst;
    }

    /** Marks the generation as unknown to others: what is taken goes nowhere, and whoever publishes later begins anew. */
    public void stayUnknown() {
        dirty |= stage != PublicationStage.UNKNOWN;
        stage = PublicationStage.UNKNOWN;
    }

    /** Marks the generation complete if the last {@link #take} published every item. Returns true the first time. */
    public boolean complete() {
        boolean isFirst = stage != PublicationStage.COMPLETE && withheld.isEmpty() && plan.step() > 0;
        if (isFirst) {
            stage = PublicationStage.COMPLETE;
            dirty = true;
        }
        return isFirst;
    }

    /** Whether all items have been published, at whatever time. */
    public boolean isComplete() {
        return stage == PublicationStage.COMPLETE;
    }

    /** How old the published vectors are. */
    public PublicationAge age() {
        return plan.age();
    }

    /** Vectors published so far, each time. */
    public long vectors() {
        return plan.vectors();
    }

    private Optional<String> refusals() {
        return refusedInARow >= settings.withholdAfterRefused()
                ? Optional.of(refusedInARow + " steps in a row were refused")
                : Optional.empty();
    }

    private PublishedPopularity published(String item, FastPopularity popularity) {
        return new PublishedPopularity(
                popularity.number(item, plan.eventTime()),
                popularity.settings().halfLife().toMillis(),
                settings.isPopularityDimension());
    }

    private void touchCooled(FastPopularity popularity) {
        if (settings.isPopularityDimension() && plan.eventTime() > popularityTime) {
            popularity
                    .cooled(popularityTime, plan.eventTime(), settings.popularityMinMove())
                    .forEach(plan::touch);
            popularityTime = plan.eventTime();
            dirty = true;
        }
    }

    private List<ItemEmbedding> vectors(
            Map<String, Long> due, TwoTower model, Catalogue catalogue, FastPopularity popularity) {
        List<ItemEmbedding> embeddings = new ArrayList<>();
        List<String> items = due.keySet().stream().filter(catalogue::contains).toList();
        float[] vectors = new float[items.size() * model.dim()];
        model.publishedVectors(items, vectors);
        for (int at = 0; at < items.size(); at++) {
            String item = items.get(at);
            float[] vector = Arrays.copyOfRange(vectors, at * model.dim(), (at + 1) * model.dim());
            embeddings.add(new ItemEmbedding(
                    item,
                    Optional.of(vector),
                    model.generation(),
                    plan.step(),
                    plan.eventTime(),
                    due.getOrDefault(item, 0L),
                    published(item, popularity),
                    attributes(catalogue.features(item))));
        }
        return embeddings;
    }

    private Features attributes(Features all) {
        Map<String, FeatureValue> wanted = new HashMap<>();
        for (String name : settings.attributes()) {
            all.value(name).ifPresent(value -> wanted.put(name, value));
        }
        return Features.of(wanted);
    }

    private static Optional<String> firstUnsound(List<ItemEmbedding> embeddings, int channels) {
        return embeddings.stream()
                .filter(embedding -> !embedding
                        .vector()
                        .map(vector -> isSound(vector, channels))
                        .orElse(true))
                .findFirst()
                .map(embedding -> "the vector of item " + embedding.item() + " is not finite or not of unit length");
    }

    /** Whether its channels are of the same length and unit length together, but for those without any direction yet, of zeros. */
    private static boolean isSound(float[] vector, int channels) {
        int width = vector.length / channels;
        for (int channel = 0; channel < channels; channel++) {
            double squares = 0;
            for (int at = channel * width; at < (channel + 1) * width; at++) {
                squares += (double) vector[at] * vector[at];
            }
            if (squares != 0 && !(Math.abs(Math.sqrt(squares * channels) - 1) <= UNIT_TOLERANCE)) {
                return false;
            }
        }
        return true;
    }

    /** Whether an entry of this state is the gate's. */
    public static boolean isOfTheGate(byte[] entryKey) {
        return entryKey.length == 2 && entryKey[1] == GATE;
    }

    @Override
    public void restore(byte[] entryKey, byte[] value) {
        if (PublicationPlan.isOwn(entryKey)) {
            plan.restore(entryKey, value);
            return;
        }
        ByteBuffer payload = Frame.open(value);
        if (isOfTheGate(entryKey)) {
            gate.restore(payload);
            return;
        }
        refusedInARow = payload.getInt();
        withheld = Optional.of(Fields.text(payload)).filter(reason -> !reason.isEmpty());
        popularityTime = payload.getLong();
        stage = PublicationStage.of(payload.hasRemaining() ? payload.getInt() : 0); // earlier builds knew none
    }

    @Override
    public void drainDirty(EntrySink sink) {
        // what is withheld need not be remembered item by item: all items follow when it ends
        int waiting = plan.waiting(withheld.isPresent());
        if (waiting > 0) {
            throw new IllegalStateException(waiting + " items were touched and not published before the commit");
        }
        if (dirty) {
            sink.put(
                    key,
                    new Fields()
                            .integer(refusedInARow)
                            .text(withheld.orElse(""))
                            .longInteger(popularityTime)
                            .integer(stage.code())
                            .framed());
            dirty = false;
        }
        plan.drainDirty(sink);
        gate.drain().ifPresent(value -> sink.put(gateKey, value));
    }
}
