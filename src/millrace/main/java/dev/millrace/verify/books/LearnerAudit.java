package dev.millrace.verify.books;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.state.Outcome;
import dev.millrace.topic.TopicNames;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Checks that every training example is in exactly one mini-batch, waits for one, or was left out for a reason. */
final class LearnerAudit {

    /*
     * Invariant. Examples enter batches in the order of their topic. The examples of the batches, one batch after the other, are
     * therefore the examples of the topic in their order. An example that the batches skip was left out: its item was not in the
     * catalogue when it came, or its item or its user was removed while it waited; or it counts less than 1, and did not draw
     * that its unannounced item be added. Examples of exposures that were not clicked
     * have an order of their own, as a batch has them behind the others. The same holds for removals of users, and for the changes
     * of one item: of those that wait for their time only the last comes, so a change that a batch has settles the earlier ones too.
     *
     * Layout. A Sequence is the examples of one of the two orders, less those that the batches have reached. Skipped
     * examples are held until a later step's example comes: its offset says how far the topic was read when the batch closed.
     *
     * Cost. A map look-up an example, whatever ids come again; the logarithm of the changes of its item for one that is skipped. Memory: all
     * examples and changes. One thread.
     */

    /** Outcome of an example in a batch; the log alone does not tell learnt from refused. */
    private static final String LEARNT_OR_REFUSED = "learnt or refused";

    /** Outcome of an example that the batches skip. */
    private static final String LEFT_OUT = "left out";

    private static final String WAITING = CountReport.Findings.WAITING;

    /**
     * A change of the catalogue, or the removal of a user, wherever it is.
     *
     * @param of hash of the item or user
     * @param time of an item; a tombstone has no time of its own
     */
    record Change(Kind kind, IdHash of, long time) {

        private enum Kind {
            ITEM,
            ITEM_REMOVAL,
            USER_REMOVAL
        }

        static Change of(CatalogueChange change) {
            IdHash item = IdHash.of(change.itemId());
            return change.match(
                    upsert -> new Change(Kind.ITEM, item, upsert.item().time()),
                    removal -> new Change(Kind.ITEM_REMOVAL, item, 0));
        }

        static Change ofUser(String removed) {
            return new Change(Kind.USER_REMOVAL, IdHash.of(removed), 0);
        }
    }

    private record LoggedChange(Change change, long offset) {}

    /** @param isDrawn whether chance decides that its item is added, if nobody announced that */
    private record LoggedExample(IdHash origin, IdHash user, IdHash item, boolean isDrawn, long offset) {}

    /**
     * An example that the batch of a step skips.
     *
     * @param clock up to which announced items had come
     */
    private record Skipped(LoggedExample example, long step, long clock, RecordAddress batch) {}

    /** Examples of one order. */
    private static final class Sequence {
        final Deque<LoggedExample> left = new ArrayDeque<>(); // that the batches have not reached
        final List<Skipped> skipped = new ArrayList<>();
        private final Map<IdHash, Deque<LoggedExample>> byOrigin = new HashMap<>();

        void add(LoggedExample example) {
            left.add(example);
            byOrigin.computeIfAbsent(example.origin(), of -> new ArrayDeque<>(1))
                    .add(example);
        }

        /** The first example of an origin that the batches have not reached. */
        Optional<LoggedExample> first(IdHash origin) {
            Deque<LoggedExample> same = byOrigin.getOrDefault(origin, new ArrayDeque<>(0));
            long next = left.isEmpty() ? Long.MAX_VALUE : left.element().offset();
            while (!same.isEmpty() && same.element().offset() < next) {
                same.remove();
            }
            return Optional.ofNullable(same.peek());
        }
    }

    private final Sequence positives = new Sequence();
    private final Sequence unclicked = new Sequence();
    private final List<Change> changes = new ArrayList<>();
    private final Map<Change, TreeMap<Long, Long>> times = new HashMap<>(); // by offset, of changes without their time
    private final Map<IdHash, Deque<LoggedChange>> changesLeft = new LinkedHashMap<>(); // of each item
    private final Set<Change> come = new HashSet<>(); // changes of items that batches have
    private final Deque<LoggedChange> userRemovalsLeft = new ArrayDeque<>();
    private final long position;
    private final TopicNames topics;
    private final PossibleOutcomes outcomes = new PossibleOutcomes();
    private final List<String> faults = new ArrayList<>();
    private long lastStep;
    private long clock;

    /** @param position up to which the learner's books count */
    LearnerAudit(long position, TopicNames topics) {
        this.position = position;
        this.topics = topics;
    }

    /** The outcome as this tells it: what the topics alone do not tell apart is one. */
    static String shown(String outcome) {
        if (Outcome.REMOVED_ITEM.isNamedBy(outcome) || Outcome.ERASED.isNamedBy(outcome)) {
            return LEFT_OUT;
        }
        return Outcome.LEARNT.isNamedBy(outcome)
                        || Outcome.REFUSED.isNamedBy(outcome)
                        || Outcome.WITHOUT_POSITIVES.isNamedBy(outcome)
                        || Outcome.BEFORE_START.isNamedBy(outcome)
                ? LEARNT_OR_REFUSED
                : outcome;
    }

    /** Takes the next example of the topic, before all batches. */
    void example(TrainingExample example, long offset) {
        if (offset < position) {
            boolean isDrawn = example.isPositive() && example.weight() < 1;
            sequence(example)
                    .add(new LoggedExample(
                            origin(example),
                            IdHash.of(example.user().user()),
                            IdHash.of(example.item()),
                            isDrawn,
                            offset));
        }
    }

    /** Takes the next change of the topic, before all batches. */
    void change(Change change, long offset) {
        changes.add(change);
        if (offset < position) {
            times.computeIfAbsent(new Change(change.kind, change.of, 0), of -> new TreeMap<>())
                    .put(offset, change.time);
            (change.kind == Change.Kind.USER_REMOVAL
                            ? userRemovalsLeft
                            : changesLeft.computeIfAbsent(change.of, of -> new ArrayDeque<>(1)))
                    .add(new LoggedChange(change, offset));
        }
    }

    /** Changes of the topic, in their order. */
    List<Change> changes() {
        return changes;
    }

    List<String> faults() {
        return faults;
    }

    /** Takes the next record of the topic of mini-batches. */
    void batch(MiniBatch batch, RecordAddress place) {
        if (batch.step() != lastStep + 1) {
            faults.add("step " + batch.step() + " (" + place + ") follows step " + lastStep);
        }
        lastStep = batch.step();
        clock = batch.clock();
        batch.examples().forEach(example -> enter(example, place));
        batch.exposed().forEach(example -> enter(example, place));
        batch.catalogue().stream()
                .filter(CatalogueChange::isAnnounced)
                .map(Change::of)
                .forEach(this::come);
        Set<Change> removed = new HashSet<>();
        batch.removedUsers().forEach(user -> removed.add(Change.ofUser(user)));
        while (!userRemovalsLeft.isEmpty()
                && removed.contains(userRemovalsLeft.element().change())) {
            settle(userRemovalsLeft, Set.of(Outcome.USER_REMOVAL.label()));
        }
    }

    /** Settles the first change of an item that a batch has, and those that it replaced while they waited for their time. */
    private void come(Change change) {
        Deque<LoggedChange> left = changesLeft.getOrDefault(change.of, new ArrayDeque<>(0));
        if (left.stream().noneMatch(each -> each.change().equals(change))) {
            return;
        }
        come.add(change);
        boolean isFound = false;
        while (!isFound) {
            isFound = left.element().change().equals(change);
            settle(left, Set.of(Outcome.CATALOGUE_CHANGE.label()));
        }
    }

    /**
     * Ends the audit: examples that no batch has reached wait.
     *
     * @param step of the learner; the batches must end there
     */
    PossibleOutcomes end(long step) {
        if (lastStep != step) {
            faults.add("the learner is at step " + step + " by its progress, but the log up to there ends at step "
                    + lastStep);
        }
        for (Sequence sequence : List.of(positives, unclicked)) {
            explainSkipped(sequence, position);
            for (LoggedExample waiting : sequence.left) {
                Set<String> possible = withoutBatch(waiting, position, clock);
                possible.add(WAITING);
                outcomes.add(possible, place(waiting.offset()));
            }
        }
        while (!userRemovalsLeft.isEmpty()) {
            settle(userRemovalsLeft, Set.of(WAITING));
        }
        for (Deque<LoggedChange> left : changesLeft.values()) {
            while (!left.isEmpty()) {
                // while it waited for its time the next change, or one like it, may have replaced it
                boolean mayBeReplaced =
                        left.size() > 1 || come.contains(left.element().change());
                settle(left, mayBeReplaced ? Set.of(WAITING, Outcome.CATALOGUE_CHANGE.label()) : Set.of(WAITING));
            }
        }
        return outcomes;
    }

    private void settle(Deque<LoggedChange> left, Set<String> possible) {
        outcomes.add(possible, place(left.remove().offset()));
    }

    private Sequence sequence(TrainingExample example) {
        return example.isPositive() ? positives : unclicked;
    }

    /** Examples that were made of one id again and again may have it in common. */
    private static IdHash origin(TrainingExample example) {
        long time = example.isPositive() ? example.time() : example.user().time();
        return IdHash.of(example.user().user(), example.item(), example.action(), example.id(), "" + time);
    }

    private void enter(TrainingExample example, RecordAddress place) {
        Sequence sequence = sequence(example);
        Optional<LoggedExample> found = sequence.first(origin(example));
        if (found.isEmpty()) {
            faults.add("step " + lastStep + " (" + place + ") has example " + example.id()
                    + ", which is not among those that " + topics.trainingExamples()
                    + " holds and no earlier step has");
            return;
        }
        long here = found.get().offset();
        if (!sequence.skipped.isEmpty() && sequence.skipped.get(0).step() < lastStep) {
            explainSkipped(sequence, here);
        }
        while (sequence.left.element().offset() < here) {
            sequence.skipped.add(new Skipped(sequence.left.remove(), lastStep, clock, place));
        }
        outcomes.add(Set.of(LEARNT_OR_REFUSED), place(sequence.left.remove().offset()));
    }

    /** @param until offset up to which the topic was read when the batch was closed */
    private void explainSkipped(Sequence sequence, long until) {
        for (Skipped skip : sequence.skipped) {
            RecordAddress place = place(skip.example().offset());
            Set<String> possible = withoutBatch(skip.example(), until, skip.clock());
            outcomes.add(possible.isEmpty() ? Set.of(LEFT_OUT) : possible, place);
            if (possible.isEmpty()) {
                faults.add("the example at " + place + " is in no mini-batch: step " + skip.step() + " (" + skip.batch()
                        + ") skips it, and neither its item nor its user was removed");
            }
        }
        sequence.skipped.clear();
    }

    /**
     * The outcomes that an example can have had if no batch has it.
     *
     * @param reached clock of the batch that skips it
     */
    private Set<String> withoutBatch(LoggedExample example, long until, long reached) {
        long offset = example.offset();
        long listed = lastBefore(offset, Change.Kind.ITEM, example.item());
        long removed = lastBefore(offset, Change.Kind.ITEM_REMOVAL, example.item());
        Set<String> possible = new TreeSet<>();
        if (removed > listed // it was gone when the example came, or it or the user went before the batch closed
                || lastBefore(until, Change.Kind.ITEM_REMOVAL, example.item()) > offset
                || lastBefore(until, Change.Kind.USER_REMOVAL, example.user()) > offset) {
            possible.add(LEFT_OUT);
        }
        boolean isThere =
                listed > removed && times(Change.Kind.ITEM, example.item()).getOrDefault(listed, 0L) <= reached;
        if (example.isDrawn() && !isThere) { // nobody had announced the item, or it waited
            possible.add(Outcome.CAPPED.label());
        }
        return possible;
    }

    /** The offset of the last change of a kind before an offset; -1 if there is none. */
    private long lastBefore(long offset, Change.Kind kind, IdHash of) {
        return Optional.ofNullable(times(kind, of).lowerKey(offset)).orElse(-1L);
    }

    private NavigableMap<Long, Long> times(Change.Kind kind, IdHash of) {
        return times.getOrDefault(new Change(kind, of, 0), new TreeMap<>());
    }

    private RecordAddress place(long example) {
        return new RecordAddress(topics.trainingExamples(), 0, example);
    }
}
