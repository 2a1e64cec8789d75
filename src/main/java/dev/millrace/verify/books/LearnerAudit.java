package dev.millrace.verify.books;

import dev.millrace.state.Outcome;
import dev.millrace.wire.PlainRecord;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Checks that every training example is in exactly one mini-batch, waits for one, or was left out for a reason. */
final class LearnerAudit {

    /*
     * Invariant. Examples enter batches in the order of their topic. The examples of the batches, one batch after the other, are
     * therefore the examples of the topic in their order. An example that the batches skip was left out: its item was not in the
     * catalogue when it came, or its item or its user was removed while it waited; or it counts less than 1, and did not draw
     * that its unannounced item be added. Examples of exposures that were not clicked
     * have an order of their own, as a batch has them behind the others. The same holds for changes of the catalogue, and for
     * removals of users.
     *
     * Layout. A Sequence is the examples of one of the two orders, with the place that the batches have reached. Skipped
     * examples are held until a later step's example comes: its offset says how far the topic was read when the batch closed.
     *
     * Cost. A map look-up an example, whatever ids come again; the logarithm of the changes of its item for one that is skipped. Memory: all examples, which CountAudit holds anyway. One thread.
     */

    /** Outcome of an example in a batch; the log alone does not tell learnt from refused. */
    static final String LEARNT_OR_REFUSED = "learnt or refused";

    /** Outcome of an example that the batches skip. */
    static final String LEFT_OUT = "left out";

    private static final Set<String> IN_A_BATCH = Set.of(LEARNT_OR_REFUSED);
    private static final Set<String> CHANGE = Set.of(Outcome.CATALOGUE_CHANGE.label());
    private static final Set<String> USER_REMOVAL = Set.of(Outcome.USER_REMOVAL.label());
    private static final Set<String> WAITING = Set.of(BookTotals.WAITING);

    /** A change of the catalogue, or the removal of a user. */
    record Change(Kind kind, IdHash of, long time, long offset) {

        enum Kind {
            ITEM,
            ITEM_REMOVAL,
            USER_REMOVAL
        }

        /** @param entry of the topic of training examples that is no example */
        static Change of(PlainRecord entry, long offset) {
            if (entry.field("item_id").isEmpty()) {
                return new Change(
                        Kind.USER_REMOVAL, IdHash.of(entry.text("user_id", "")), entry.integer("time", 0), offset);
            }
            Kind kind = entry.is("ItemRemoval") ? Kind.ITEM_REMOVAL : Kind.ITEM;
            return new Change(kind, IdHash.of(entry.text("item_id", "")), entry.integer("time", 0), offset);
        }
    }

    /** An example that the batch of a step skips. */
    private record Skipped(LoggedExample example, long step, RecordAddress batch) {}

    /** What a batch says of an example. Examples that were made of one id again and again may have it in common. */
    private record Named(IdHash origin, String action, long time) {}

    /** Examples of one order, and the number of the next one that the batches have not reached. */
    private static final class Sequence {
        final List<LoggedExample> examples;
        final List<Skipped> skipped = new ArrayList<>();
        private final Map<Named, Deque<Integer>> numbers = new HashMap<>();
        int next;

        Sequence(List<LoggedExample> examples) {
            this.examples = examples;
            for (int number = 0; number < examples.size(); number++) {
                LoggedExample example = examples.get(number);
                numbers.computeIfAbsent(
                                new Named(example.origin(), example.action(), example.time()),
                                name -> new ArrayDeque<>(1))
                        .add(number);
            }
        }

        /** The number of the first example of that name that the batches have not reached. */
        Optional<Integer> first(Named name) {
            Deque<Integer> left = numbers.getOrDefault(name, new ArrayDeque<>(0));
            while (!left.isEmpty() && left.element() < next) {
                left.remove();
            }
            return Optional.ofNullable(left.peek());
        }
    }

    /** When items or users were removed, or items listed: offsets, by the hash of the id. */
    private static final class Offsets {
        private final Map<IdHash, NavigableSet<Long>> offsets = new HashMap<>();

        void add(Change change) {
            offsets.computeIfAbsent(change.of(), of -> new TreeSet<>()).add(change.offset());
        }

        /** The last one before an offset; -1 if there is none. */
        long lastBefore(IdHash of, long offset) {
            Long last =
                    offsets.getOrDefault(of, Collections.emptyNavigableSet()).lower(offset);
            return last == null ? -1 : last;
        }

        /** Returns true if there is one from an offset on and before another. */
        boolean isAny(IdHash of, long from, long until) {
            Long first =
                    offsets.getOrDefault(of, Collections.emptyNavigableSet()).ceiling(from);
            return first != null && first < until;
        }
    }

    private final Sequence positives;
    private final Sequence unclicked;
    private final List<Change> changes;
    private final List<Change> userRemovals;
    private final long position;
    private final String examplesTopic;
    private final String batchesTopic;
    private final PossibleOutcomes outcomes = new PossibleOutcomes();
    private final List<String> faults;
    private final Offsets itemsListed = new Offsets();
    private final Offsets itemsRemoved = new Offsets();
    private final Offsets usersRemoved = new Offsets();

    private int nextChange;
    private int nextUserRemoval;
    private long lastStep;

    /**
     * @param examples in the order of their offsets
     * @param changes in the order of their offsets
     * @param position up to which the learner's books count
     */
    LearnerAudit(
            List<LoggedExample> examples,
            List<Change> changes,
            long position,
            String examplesTopic,
            String batchesTopic,
            List<String> faults) {
        this.positives =
                new Sequence(examples.stream().filter(LoggedExample::isPositive).toList());
        this.unclicked = new Sequence(
                examples.stream().filter(example -> !example.isPositive()).toList());
        this.changes = changes.stream()
                .filter(change -> change.kind() != Change.Kind.USER_REMOVAL)
                .toList();
        this.userRemovals = changes.stream()
                .filter(change -> change.kind() == Change.Kind.USER_REMOVAL)
                .toList();
        this.position = position;
        this.examplesTopic = examplesTopic;
        this.batchesTopic = batchesTopic;
        this.faults = faults;
        for (Change change : changes) {
            Offsets offsets =
                    switch (change.kind()) {
                        case ITEM -> itemsListed;
                        case ITEM_REMOVAL -> itemsRemoved;
                        case USER_REMOVAL -> usersRemoved;
                    };
            offsets.add(change);
        }
    }

    /** Takes the next record of the topic of mini-batches. */
    void batch(PlainRecord batch, long offset) {
        long step = batch.integer("step", 0);
        RecordAddress place = new RecordAddress(batchesTopic, 0, offset);
        if (step != lastStep + 1) {
            faults.add("step " + step + " (" + place + ") follows step " + lastStep);
        }
        lastStep = step;
        List<?> ids = batch.list("example_ids");
        List<?> users = batch.list("users");
        List<?> times = batch.list("times");
        List<?> actions = batch.list("actions");
        List<?> items = batch.list("items");
        List<?> texts = batch.list("texts");
        long learnt = ids.size() - batch.integer("exposed", 0);
        long positiveCount = learnt - batch.integer("rehearsed", 0);
        for (int at = 0; at < ids.size(); at++) {
            if (at >= positiveCount && at < learnt) {
                continue; // an earlier batch has it
            }
            String id = String.valueOf(ids.get(at));
            String user = String.valueOf(users.get(at));
            String item = String.valueOf(texts.get(((Number) items.get(at)).intValue()));
            boolean isPositive = at < positiveCount;
            Named name = new Named(
                    isPositive ? IdHash.of(user, id) : IdHash.of(user, item, id),
                    String.valueOf(texts.get(((Number) actions.get(at)).intValue())),
                    ((Number) times.get(at)).longValue());
            enter(isPositive ? positives : unclicked, name, id, step, place);
        }
        for (Object entry : batch.list("catalogue")) {
            catalogue((PlainRecord) entry);
        }
        Set<IdHash> removedUsers = new HashSet<>();
        batch.list("removed_users").forEach(user -> removedUsers.add(IdHash.of(String.valueOf(user))));
        while (nextUserRemoval < userRemovals.size()
                && userRemovals.get(nextUserRemoval).offset() < position
                && removedUsers.contains(userRemovals.get(nextUserRemoval).of())) {
            outcomes.add(USER_REMOVAL, place(userRemovals.get(nextUserRemoval++)));
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
            for (LoggedExample waiting : sequence.examples.subList(sequence.next, sequence.examples.size())) {
                if (isCounted(waiting)) {
                    Set<String> possible = new TreeSet<>(withoutBatch(waiting, position));
                    possible.add(BookTotals.WAITING);
                    outcomes.add(possible, place(waiting));
                }
            }
        }
        awaited(changes.subList(nextChange, changes.size()));
        awaited(userRemovals.subList(nextUserRemoval, userRemovals.size()));
        return outcomes;
    }

    /** Changes that no batch has reached wait, those that the learner has read. */
    private void awaited(List<Change> left) {
        left.stream()
                .takeWhile(change -> change.offset() < position)
                .forEach(change -> outcomes.add(WAITING, place(change)));
    }

    private void enter(Sequence sequence, Named name, String id, long step, RecordAddress place) {
        List<LoggedExample> examples = sequence.examples;
        Optional<Integer> first = sequence.first(name).filter(number -> isCounted(examples.get(number)));
        if (first.isEmpty()) {
            faults.add("step " + step + " (" + place + ") has example " + id + ", which is not among those that "
                    + examplesTopic + " holds and no earlier step has");
            return;
        }
        int found = first.get();
        long here = examples.get(found).offset();
        if (!sequence.skipped.isEmpty() && sequence.skipped.get(0).step() < step) {
            explainSkipped(sequence, here);
        }
        for (; sequence.next < found; sequence.next++) {
            sequence.skipped.add(new Skipped(examples.get(sequence.next), step, place));
        }
        outcomes.add(IN_A_BATCH, place(examples.get(found)));
        sequence.next = found + 1;
    }

    /** @param until offset up to which the topic was read when the batch was closed */
    private void explainSkipped(Sequence sequence, long until) {
        for (Skipped skip : sequence.skipped) {
            Set<String> possible = withoutBatch(skip.example(), until);
            outcomes.add(possible.isEmpty() ? Set.of(LEFT_OUT) : possible, place(skip.example()));
            if (possible.isEmpty()) {
                faults.add("the example at " + place(skip.example()) + " is in no mini-batch: step " + skip.step()
                        + " (" + skip.batch() + ") skips it, and neither its item nor its user was removed");
            }
        }
        sequence.skipped.clear();
    }

    /** Matches a change in a batch with the next one of the topic. Items that a batch itself added match none. */
    private void catalogue(PlainRecord entry) {
        if (nextChange == changes.size()) {
            return;
        }
        Change next = changes.get(nextChange);
        Change.Kind kind = entry.is("ItemRemoval") ? Change.Kind.ITEM_REMOVAL : Change.Kind.ITEM;
        if (next.offset() < position
                && next.kind() == kind
                && next.time() == entry.integer("time", 0)
                && next.of().equals(IdHash.of(entry.text("item_id", "")))) {
            outcomes.add(CHANGE, place(next));
            nextChange++;
        }
    }

    /** The outcomes that an example can have had if no batch has it. */
    private Set<String> withoutBatch(LoggedExample example, long until) {
        Set<String> outcomes = new TreeSet<>();
        if (isRemovedAround(example, until)) {
            outcomes.add(LEFT_OUT);
        }
        if (example.isPositive() && example.weight() < 1 && !isAnnounced(example)) {
            outcomes.add(Outcome.CAPPED.label());
        }
        return outcomes;
    }

    /** Returns true if its item was in the catalogue for certain when it came. */
    private boolean isAnnounced(LoggedExample example) {
        return itemsListed.lastBefore(example.item(), example.offset())
                > itemsRemoved.lastBefore(example.item(), example.offset());
    }

    /** Returns true if its item was not in the catalogue when it came, or its item or user was removed before that offset. */
    private boolean isRemovedAround(LoggedExample example, long until) {
        long offset = example.offset();
        return itemsRemoved.lastBefore(example.item(), offset) > itemsListed.lastBefore(example.item(), offset)
                || itemsRemoved.isAny(example.item(), offset, until)
                || usersRemoved.isAny(example.user(), offset, until);
    }

    private boolean isCounted(LoggedExample example) {
        return example.offset() < position;
    }

    private RecordAddress place(Change change) {
        return new RecordAddress(examplesTopic, 0, change.offset());
    }

    private RecordAddress place(LoggedExample example) {
        return new RecordAddress(examplesTopic, 0, example.offset());
    }
}
