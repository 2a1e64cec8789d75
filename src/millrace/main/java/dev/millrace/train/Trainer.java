package dev.millrace.train;

import dev.millrace.alarm.ModelAlarms;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.Batcher;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.Features;
import dev.millrace.exam.ExamWitness;
import dev.millrace.exam.Examiner;
import dev.millrace.exam.ItemFacts;
import dev.millrace.feature.UserFeatures;
import dev.millrace.model.RefusedStepException;
import dev.millrace.model.RowStorage;
import dev.millrace.model.StepReport;
import dev.millrace.model.StepTimes;
import dev.millrace.model.TwoTower;
import dev.millrace.model.engine.StepEngine;
import dev.millrace.neighbour.NeighbourList;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.Publisher;
import dev.millrace.state.Books;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.EntrySource;
import dev.millrace.state.Form;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * The learner as one state machine: examples become batches; each batch is examined and learnt, then vectors are published.
 *
 * <p>From events, {@link #add} and {@link #change} fill the open batch and {@link #closeBatch} closes it. From the log, batches are
 * complete already. {@link #learn} is the same step for both. One thread calls it; others may share the arithmetic of a step.
 */
public final class Trainer implements Durable, AutoCloseable {

    /** Most rows of a table that a start reads to check them, in about a second. */
    private static final long CHECKED_AT_ONCE = 500_000;

    /** Steps between two counts of the items whose time is far ahead. */
    private static final int FAR_ITEMS_EVERY = 50;

    private final Catalogue catalogue = new Catalogue(EntryKind.CATALOGUE.prefix());
    private final Books books = new Books(EntryKind.BOOKS.prefix());
    private final Batcher batcher;
    private final ItemFacts facts;
    private final StepEngine engine;
    private final TwoTower model;
    private final Examiner examiner;
    private final Publisher publisher;
    private final ModelAlarms alarms;
    private final StepDigests digests;
    private final long learnFrom;
    private final long removalMemoryMillis;

    private long closedStep;
    private boolean isMixtureKept;
    private long learntStep;
    private long positives;
    private long refusedSteps;
    private OptionalDouble farShare = OptionalDouble.empty();
    private long eventTime;
    private double loss;
    private double gradientNorm;
    private SortedMap<String, Double> fieldWeights = Collections.emptySortedMap();
    private SortedMap<String, Double> figures = Collections.emptySortedMap();

    /** A trainer that has all embedding rows on the heap. */
    public Trainer(TrainerSettings settings) {
        this(settings, EntrySource.NONE);
    }

    /** @param stored what the trainer's drains wrote; embedding rows are read from it when they are needed */
    public Trainer(TrainerSettings settings, EntrySource stored) {
        this(settings, stored, StepTimes.UNTIMED, ExamWitness.NONE);
    }

    /**
     * @param stored {@link EntrySource#NONE} if all embedding rows stay on the heap
     * @param times told of the end of each phase of a step, on the learner's thread
     * @param witness told of each event that an exam ranks
     */
    public Trainer(TrainerSettings settings, EntrySource stored, StepTimes times, ExamWitness witness) {
        batcher =
                new Batcher(settings.batch(), catalogue, EntryKind.OPEN_BATCH.prefix(), EntryKind.POPULARITY.prefix());
        facts = settings.facts(catalogue, stored);
        engine = settings.stepEngine();
        model = new TwoTower(
                settings.model(),
                catalogue,
                engine,
                new RowStorage(stored, settings.cacheBytes()),
                times,
                settings.mixture());
        examiner =
                new Examiner(settings.exam(), EntryKind.EXAM.prefix(), EntryKind.BASELINE.prefix(), witness, catalogue);
        publisher = new Publisher(settings.publish(), EntryKind.PUBLICATION.prefix(), catalogue);
        alarms = new ModelAlarms(settings.alarms(), EntryKind.ALARMS.prefix());
        if (settings.publish().mostMoved() > 0) {
            model.keepMoves();
        }
        digests = new StepDigests(settings.digestSteps(), model::rowSum);
        learnFrom = settings.learnFrom();
        removalMemoryMillis = settings.batch().removalMemory().toMillis();
    }

    /** Ends the threads that share the steps. Those begin with the first step. */
    @Override
    public void close() {
        engine.close();
    }

    /** Adds an example to the open batch. An example of a removed item is only counted. */
    public void add(TrainingExample example) {
        if (batcher.isRemoved(example.item())) {
            books.settle(InputTopic.EXAMPLES, Outcome.REMOVED_ITEM);
            return;
        }
        books.await(InputTopic.EXAMPLES);
        batcher.add(example);
    }

    /**
     * Adds a change of the catalogue to the open batch. A removal takes the item's examples out of it. An item whose time is ahead of the
     * {@linkplain #clock clock} waits for it. Until then it counts only among the announced.
     */
    public void change(CatalogueChange change) {
        books.await(InputTopic.EXAMPLES);
        int waiting = batcher.openChanges() + 1;
        books.settleWaiting(InputTopic.EXAMPLES, Outcome.REMOVED_ITEM, batcher.change(change));
        // an announcement that this one replaces
        books.settleWaiting(InputTopic.EXAMPLES, Outcome.CATALOGUE_CHANGE, waiting - batcher.openChanges());
    }

    /**
     * Returns the event time up to which announced items have come, epoch milliseconds; 0 before the first example. More than half of the
     * recent users have reached it, or {@link #reach} has.
     */
    public long clock() {
        return batcher.clock();
    }

    /**
     * Moves the clock on to a time, epoch milliseconds, if it is behind. While the stream is live, the caller gives the wall clock's.
     * Before the first example, items of up to the time come, but the clock does not begin: an old log may follow.
     */
    public void reach(long time) {
        batcher.reach(time);
    }

    /** Returns true if the clock was last moved by {@link #reach}, and not by examples. */
    public boolean isOnTime() {
        return batcher.isOnTime();
    }

    /** Returns when the next announced item comes, epoch milliseconds; empty if none waits. */
    public OptionalLong nextAnnounced() {
        return batcher.nextAnnounced();
    }

    /** Removes a user: the user's examples leave the open batch now, the user's rows go when the batch is learnt. */
    public void removeUser(String user) {
        books.await(InputTopic.EXAMPLES);
        books.settleWaiting(InputTopic.EXAMPLES, Outcome.ERASED, batcher.removeUser(user));
    }

    /** Returns true if the open batch is full. */
    public boolean isBatchReady() {
        return isBatchReady(false);
    }

    /** @param isBehind whether the learner is: then a batch may be larger */
    public boolean isBatchReady(boolean isBehind) {
        return batcher.isFull(isBehind);
    }

    /** Returns true if the open batch is not empty. */
    public boolean hasOpenWork() {
        return !batcher.isEmpty();
    }

    /** Closes the open batch. The caller writes it to the log and calls {@link #learn}. */
    public MiniBatch closeBatch() {
        int waiting = batcher.openChanges();
        int userRemovals = batcher.openUserRemovals();
        int positives = batcher.openPositives();
        MiniBatch batch = batcher.close();
        int left = positives - batch.examples().size();
        closedStep = batch.step();
        if (batch.step() % FAR_ITEMS_EVERY == 1) {
            farShare = OptionalDouble.of(batcher.farShare());
        }
        books.settleWaiting(InputTopic.EXAMPLES, Outcome.CAPPED, left);
        books.settleWaiting(InputTopic.EXAMPLES, Outcome.CATALOGUE_CHANGE, waiting - batcher.openChanges());
        books.settleWaiting(InputTopic.EXAMPLES, Outcome.USER_REMOVAL, userRemovals);
        return batch;
    }

    /**
     * Examines the model on a batch, then learns from it.
     *
     * @throws IllegalStateException if the batch is not the next of the log
     */
    public StepOutcome learn(MiniBatch batch) {
        return learn(batch, true);
    }

    /**
     * As {@link #learn(MiniBatch)}.
     *
     * @param isExamined false for no exam, whatever the settings say; an exam changes no weight
     */
    public StepOutcome learn(MiniBatch batch, boolean isExamined) {
        boolean isOwn = enter(batch);
        if (isBeforeStart(batch)) {
            return passOver(batch, isOwn);
        }
        if (!batch.examples().isEmpty()) {
            if (isExamined) {
                examiner.examine(batch, model, facts);
            }
            examiner.observe(batch);
            publisher.examined(batch.step(), examiner.totalsOfTowers(), catalogue.size());
            alarms.examined(batch.step(), examiner.totalsOfTowers());
        }
        StepOutcome outcome = step(batch, isOwn, true);
        outcome.learnt().ifPresent(report -> alarms.learnt(batch, report, model, catalogue));
        return outcome;
    }

    /** Learns from a batch of the log as {@link #learn} does, without the exam, which changes no weight. */
    public StepOutcome replay(MiniBatch batch) {
        return step(batch, enter(batch), true);
    }

    /** Learns from a batch without an exam, and teaches the mixture nothing: for repeated passes over a warm-up. */
    public StepOutcome learnUnexamined(MiniBatch batch) {
        return step(batch, enter(batch), false);
    }

    /** Returns the number of positives learnt. */
    public long positives() {
        return positives;
    }

    /** Teaches the mixture nothing from now on: to find out how soon it knows enough. */
    public void keepMixture() {
        isMixtureKept = true;
    }

    /**
     * Examines a batch and does not learn it: for a frozen model, to compare with one that learns.
     *
     * @param isExamined whether there is an exam if the settings have one
     */
    public void passBy(MiniBatch batch, boolean isExamined) {
        boolean isOwn = enter(batch);
        if (isExamined) {
            examiner.examine(batch, model, facts);
        }
        examiner.observe(batch);
        facts.popularity().observe(batch.counted());
        learntStep = batch.step();
        settle(batch, isOwn, Outcome.EXAMINED, "");
    }

    /** Takes a batch's changes of the catalogue, and learns and counts nothing: for a copy that answers by what it once knew. */
    public void follow(MiniBatch batch) {
        boolean isOwn = enter(batch);
        learntStep = batch.step();
        settle(batch, isOwn, Outcome.EXAMINED, "");
    }

    /** Ranks events as {@link Examiner#rank} does, which need not be the next to be learnt. Figures and state stay as they are. */
    public void rank(List<TrainingExample> events, ExamWitness to) {
        examiner.rank(events, model, facts, to);
    }

    /** Returns the examples of the next batch that an exam would rank. */
    public List<TrainingExample> answerable(MiniBatch batch) {
        return facts.answerable(batch);
    }

    /** Lets the exam's popularity baseline learn from a batch given to {@link #learnUnexamined}. */
    public void observe(MiniBatch batch) {
        examiner.observe(batch);
    }

    /** As {@link #publish(Optional, Consumer)} without a reason to withhold; returns what is published. */
    public List<ItemEmbedding> publish() {
        List<ItemEmbedding> all = new ArrayList<>();
        publish(Optional.empty(), all::add);
        return all;
    }

    /**
     * Hands on what to publish before the next commit, one by one; only tombstones if there is a {@code hold} reason. After it,
     * {@link #withheld} says whether the query side may be published, too. Returns whether more waits for the next commit.
     */
    public boolean publish(Optional<String> hold, Consumer<ItemEmbedding> to) {
        boolean isMoreLeft = publisher.take(model, facts, hold, to);
        alarms.published(learntStep, publisher.age().ofBound());
        return isMoreLeft;
    }

    /**
     * Computes the current vectors of items, bit for bit as {@link #publish} gives them.
     *
     * @param out [items, dim] row-major, filled
     */
    public void vectors(List<String> items, float[] out) {
        model.itemVectors(items, out);
    }

    /**
     * Computes the current query vectors of users.
     *
     * @param contexts [users] context features of their requests
     * @param out [users, dim] row-major, filled
     */
    public void userVectors(List<UserFeatures> users, List<Features> contexts, float[] out) {
        model.userVectors(users, contexts, out);
    }

    /** Returns the number of floats of a vector. */
    public int dim() {
        return model.dim();
    }

    /** Returns the catalogue, for reading. */
    public Catalogue catalogue() {
        return catalogue;
    }

    /** Returns the items of the catalogue. */
    public List<String> items() {
        return IntStream.range(0, catalogue.size()).mapToObj(catalogue::itemAt).toList();
    }

    /** Marks the generation as known to others. Returns true the first time. */
    public boolean startGeneration() {
        return publisher.start();
    }

    /** Marks the generation as unknown to others: nothing of it is sent. */
    public void keepGenerationUnknown() {
        publisher.stayUnknown();
    }

    /** Marks the generation complete if every item was published. Returns true the first time. */
    public boolean completeGeneration() {
        return publisher.complete();
    }

    /** Returns true if the generation was marked complete at any time. */
    public boolean isGenerationComplete() {
        return publisher.isComplete();
    }

    /** Returns why only deletions may be published at present; absent if everything may. */
    public Optional<String> withheld() {
        return publisher.withheld();
    }

    /** Returns true if the query side needs the entry: one of the model, or, for histories of item features, an item of the catalogue. */
    public boolean isQuerySide(byte[] key) {
        return EntryKind.of(key).equals(Optional.of(EntryKind.MODEL))
                ? model.isQuerySide(key)
                : model.readsItemsOfHistories()
                        && EntryKind.itemOfCatalogue(key).isPresent();
    }

    /** Returns true if an entry's new value takes the entry from the query side: it says that an item of the catalogue was removed. */
    public boolean isGoneFromQuerySide(byte[] key, byte[] value) {
        return model.readsItemsOfHistories() && EntryKind.isOfRemovedItem(key, value);
    }

    /** Returns an item's neighbours as of now, in a list that does not change later; absent if it has none. */
    public Optional<NeighbourList> neighbours(String item) {
        return facts.neighbours().seen(item);
    }

    /** Returns the model, for reading. */
    public TwoTower model() {
        return model;
    }

    /** Makes the next publication give everything, because subscribers have nothing of this learner yet. */
    public void publishAnew() {
        publisher.publishAnew();
    }

    /** Returns the lineage of the weights. */
    public String generation() {
        return model.generation();
    }

    /** Returns the step of the last batch. */
    public long step() {
        return learntStep;
    }

    public TrainingProgress progress() {
        return new TrainingProgress(
                model.generation(),
                learntStep,
                positives,
                refusedSteps,
                loss,
                gradientNorm,
                catalogue.size(),
                eventTime,
                digest().map(StepDigest::digest).orElse(""),
                digests.before(learntStep),
                model.rowCounts(),
                catalogue.unannouncedCount(),
                examiner.totals(),
                books.accounts(),
                fieldWeights,
                publishedFigures(),
                publisher.withheld(),
                alarms.alarms());
    }

    private SortedMap<String, Double> publishedFigures() {
        SortedMap<String, Double> all =
                Figures.published(figures, publisher.age(), publisher.vectors(), model.heapRows());
        all.put(Figure.ANNOUNCED.label(), (double) batcher.announced());
        all.put(Figure.CLOCK.label(), batcher.clock() / 1e3);
        farShare.ifPresent(share -> all.put(Figure.FAR_ITEMS.label(), share));
        return all;
    }

    /**
     * Returns the digest of model, catalogue and popularity, which are functions of the log. Absent between a step and
     * the next {@link #drainDirty}.
     */
    public Optional<StepDigest> digest() {
        return digests.at(learntStep);
    }

    @Override
    public void restore(byte[] key, byte[] value) {
        digests.restore(key, value);
        EntryKind kind =
                EntryKind.of(key).orElseThrow(() -> new CorruptEntryException("an entry of unknown kind " + key[0]));
        switch (kind) {
            case MODEL -> model.restore(key, value);
            case CATALOGUE -> catalogue.restore(key, value);
            case OPEN_BATCH, POPULARITY -> batcher.restore(key, value);
            case FAST_POPULARITY -> facts.popularity().restore(key, value);
            case NEIGHBOURS, ERASED_NEIGHBOURS -> facts.neighbours().restore(key, value);
            case EXAM, BASELINE -> examiner.restore(key, value);
            case PUBLICATION -> publisher.restore(key, value);
            case ALARMS -> alarms.restore(key, value);
            case BOOKS -> books.restore(key, value);
            case PROGRESS -> Form.restore(value, this::progress);
        }
    }

    /**
     * Checks that the entries are those of the last commit. Call it when all are restored but those that are read later.
     *
     * <p>For a table with many rows, it trusts the commit's sum. Each of these rows is checked when it is read, and all of them against the
     * sum as the learner goes on.
     *
     * @throws CorruptEntryException if they are not
     */
    public void requireWhole() {
        model.begin(CHECKED_AT_ONCE);
        digests.requireWhole();
    }

    /** As {@link #requireWhole}, but reads and checks each row, however many there are. */
    public void requireEachRow() {
        model.begin(Long.MAX_VALUE);
        digests.requireWhole();
    }

    @Override
    public void drainDirty(EntrySink sink) {
        EntrySink digesting = digests.before(sink);
        model.drainDirty(digesting);
        catalogue.drainDirty(digesting);
        batcher.drainDirty(digesting);
        facts.popularity().drainDirty(digesting);
        facts.neighbours().drainDirty(sink);
        examiner.drainDirty(sink);
        publisher.drainDirty(sink);
        alarms.drainDirty(sink);
        books.drainDirty(sink);
        digests.drained(learntStep);
        sink.put(new byte[] {(byte) EntryKind.PROGRESS.prefix()}, Form.written(this::progress));
    }

    private void progress(Form form) {
        closedStep = form.longInteger(closedStep);
        learntStep = form.longInteger(learntStep);
        positives = form.longInteger(positives);
        refusedSteps = form.longInteger(refusedSteps);
        eventTime = form.longInteger(eventTime);
        loss = form.number(loss);
        gradientNorm = form.number(gradientNorm);
        digests.fields(form, learntStep);
        fieldWeights = Figures.fields(form, fieldWeights);
        figures = Figures.fields(form, figures);
    }

    /** Applies the removals of a batch. Returns true if this learner closed the batch. */
    private boolean enter(MiniBatch batch) {
        if (batch.step() != learntStep + 1) {
            throw new IllegalStateException("mini-batch of step " + batch.step() + " follows step " + learntStep
                    + ": the log must hold every step once, in order");
        }
        boolean isOwn = batch.step() <= closedStep;
        if (!isOwn) { // another learner closed it: this one follows the log
            batcher.follow(batch);
            closedStep = batch.step();
        }
        for (String item : CatalogueChange.removed(batch.catalogue())) {
            model.removeItem(item);
            facts.remove(item);
        }
        for (String user : batch.removedUsers()) {
            model.removeUser(user);
            examiner.removeUser(user, model, facts);
            facts.neighbours().removeUser(user);
        }
        facts.neighbours().sweep(eventTime);
        return isOwn;
    }

    private boolean isBeforeStart(MiniBatch batch) {
        return !batch.examples().isEmpty() && batch.latestTime() < learnFrom;
    }

    private StepOutcome passOver(MiniBatch batch, boolean isOwn) {
        learntStep = batch.step();
        publisher.stepped(batch);
        publisher.passedOver(batch);
        batcher.forget(batch);
        comeTo(batch);
        examiner.observe(batch);
        facts.observe(batch);
        return unlearnt(batch, isOwn, Outcome.BEFORE_START);
    }

    /** Advances event time to that of the batch. */
    private void comeTo(MiniBatch batch) {
        eventTime = Math.max(eventTime, batch.latestTime());
        catalogue.forgetRemovedBefore(eventTime - removalMemoryMillis);
    }

    /**
     * Learns from a batch, whose removals were applied.
     *
     * @param isTeaching whether the mixture learns too, which needs what was known before the batch
     */
    private StepOutcome step(MiniBatch batch, boolean isOwn, boolean isTeaching) {
        learntStep = batch.step();
        publisher.stepped(batch);
        if (batch.examples().isEmpty()) {
            return unlearnt(batch, isOwn, isOwn ? Outcome.WITHOUT_POSITIVES : Outcome.CATALOGUE_CHANGE);
        }
        comeTo(batch);
        try {
            StepReport report = isTeaching && !isMixtureKept ? facts.learn(batch, model) : model.learn(batch);
            positives += batch.examples().size();
            loss = report.loss();
            gradientNorm = report.gradientNorm();
            fieldWeights = model.fieldWeights();
            figures = Figures.learnt(
                    batch, report, model, facts.popularity().settings().halfLives(), figures);
            publisher.learnt(batch, model);
            settle(batch, isOwn, Outcome.LEARNT, "");
            return new StepOutcome(Outcome.LEARNT, Optional.of(report), Optional.empty());
        } catch (RefusedStepException refused) {
            refusedSteps++;
            batcher.forget(batch);
            publisher.refused(batch);
            settle(batch, isOwn, Outcome.REFUSED, refused.reason().text());
            return new StepOutcome(
                    Outcome.REFUSED, Optional.empty(), Optional.of(String.valueOf(refused.getMessage())));
        } finally {
            facts.observe(batch);
        }
    }

    private StepOutcome unlearnt(MiniBatch batch, boolean isOwn, Outcome outcome) {
        settle(batch, isOwn, outcome, "");
        return new StepOutcome(outcome, Optional.empty(), Optional.empty());
    }

    /**
     * Counts what came of a batch. The examples of an own batch have waited for this. A batch from the log is itself the event that was
     * received.
     */
    private void settle(MiniBatch batch, boolean isOwn, Outcome outcome, String reason) {
        if (isOwn) {
            books.settleWaiting(
                    InputTopic.EXAMPLES,
                    outcome,
                    reason,
                    batch.examples().size() + batch.exposed().size());
        } else {
            books.settle(InputTopic.BATCHES, outcome, reason);
        }
    }
}
