package dev.millrace.verify.books;

import dev.millrace.state.Outcome;
import dev.millrace.topic.TopicNames;
import dev.millrace.verify.books.ExampleLog.LoggedExample;
import dev.millrace.verify.books.ExampleLog.Origin;
import dev.millrace.wire.PlainRecord;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
     * Layout. A Sequence is the examples of one of the two orders, with the place that the batches have reached. Skipped
     * examples are held until a later step's example comes: its offset says how far the topic was read when the batch closed.
     *
     * Cost. A map look-up an example, whatever ids come again; the logarithm of the changes of its item for one that is skipped. Memory: all
     * examples, which CountAudit holds anyway. One thread.
     */

    /** Outcome of an example in a batch; the log alone does not tell learnt from refused. */
    static final String LEARNT_OR_REFUSED = "learnt or refused";

    /** Outcome of an example that the batches skip. */
    static final String LEFT_OUT = "left out";

    private static final String WAITING = BooksSnapshot.Totals.WAITING;

    /** A change of the catalogue, or the removal of a user. */
    record Change(Kind kind, IdHash of, long time, long offset) {

        enum Kind {
            ITEM,
            ITEM_REMOVAL,
            USER_REMOVAL
        }

        /** @param entry of a topic: an item, a removal of one, or a removal of a user */
        static Change of(PlainRecord entry, long offset) {
            boolean isOfItem = entry.field("item_id").isPresent();
            Kind kind = entry.is("ItemRemoval") ? Kind.ITEM_REMOVAL : isOfItem ? Kind.ITEM : Kind.USER_REMOVAL;
            IdHash of = IdHash.of(entry.text(isOfItem ? "item_id" : "user_id", ""));
            return new Change(kind, of, entry.integer("time", 0), offset);
        }

        /** What tells it from others, wherever it is; a tombstone has no time of its own. */
        Change content() {
            return new Change(kind, of, kind == Kind.ITEM ? time : 0, 0);
        }
    }

    /**
     * An example that the batch of a step skips.
     *
     * @param clock up to which announced items had come
     */
    private record Skipped(LoggedExample example, long step, long clock, RecordAddress batch) {}

    /** Examples of one order, and the number of the next one that the batches have not reached. */
    private static final class Sequence {
        final List<LoggedExample> examples = new ArrayList<>();
        final List<Skipped> skipped = new ArrayList<>();
        private final Map<Origin, Deque<Integer>> numbers = new HashMap<>();
        int next;

        void add(LoggedExample example) {
            numbers.computeIfAbsent(new Origin(example.origin().id(), example.time()), of -> new ArrayDeque<>(1))
                    .add(examples.size());
            examples.add(example);
        }

        /** The number of the first example of an origin that the batches have not reached. */
        Optional<Integer> first(Origin origin) {
            Deque<Integer> left = numbers.getOrDefault(origin, new ArrayDeque<>(0));
            while (!left.isEmpty() && left.element() < next) {
                left.remove();
            }
            return Optional.ofNullable(left.peek());
        }
    }

    private final Sequence positives = new Sequence();
    private final Sequence unclicked = new Sequence();
    private final Map<IdHash, Deque<Change>> changesLeft = new LinkedHashMap<>(); // of each item
    private final Set<Change> come = new HashSet<>(); // contents of items' changes that batches have
    private final Deque<Change> userRemovalsLeft = new ArrayDeque<>();
    private final Map<Change.Kind, Map<IdHash, TreeMap<Long, Change>>> byOffset = new EnumMap<>(Change.Kind.class);
    private final long position;
    private final TopicNames topics;
    private final PossibleOutcomes outcomes = new PossibleOutcomes();
    private final List<String> faults;
    private long lastStep;
    private long clock;

    /**
     * @param position up to which the learner's books count
     * @param faults to add to
     */
    LearnerAudit(ExampleLog log, long position, TopicNames topics, List<String> faults) {
        this.position = position;
        this.topics = topics;
        this.faults = faults;
        log.examples().forEach(example -> (example.isPositive() ? positives : unclicked).add(example));
        for (Change change : log.changes()) {
            byOffset.computeIfAbsent(change.kind(), kind -> new HashMap<>())
                    .computeIfAbsent(change.of(), of -> new TreeMap<>())
                    .put(change.offset(), change);
            if (change.offset() < position) {
                (change.kind() == Change.Kind.USER_REMOVAL
                                ? userRemovalsLeft
                                : changesLeft.computeIfAbsent(change.of(), of -> new ArrayDeque<>(1)))
                        .add(change);
            }
        }
    }

    /** Takes the next record of the topic of mini-batches. */
    void batch(PlainRecord batch, long offset) {
        long step = batch.integer("step", 0);
        RecordAddress place = new RecordAddress(topics.miniBatches(), 0, offset);
        if (step != lastStep + 1) {
            faults.add("step " + step + " (" + place + ") follows step " + lastStep);
        }
        lastStep = step;
        clock = batch.integer("clock", 0);
        List<?> ids = batch.list("example_ids");
        List<?> texts = batch.list("texts");
        long learnt = ids.size() - batch.integer("exposed", 0);
        long positiveCount = learnt - batch.integer("rehearsed", 0); // those behind are in an earlier batch
        for (int at = 0; at < ids.size(); at++) {
            String id = String.valueOf(ids.get(at));
            String user = String.valueOf(batch.list("users").get(at));
            String item = String.valueOf(texts.get(integer(batch, "items", at)));
            String action = String.valueOf(texts.get(integer(batch, "actions", at)));
            long time = ((Number) batch.list("times").get(at)).longValue();
            if (at < positiveCount) {
                enter(positives, Origin.ofClick(user, item, action, id, time), id, step, place);
            } else if (at >= learnt) {
                enter(unclicked, new Origin(IdHash.of(user, item, id), time), id, step, place);
            }
        }
        for (Object entry : batch.list("catalogue")) { // items that the batch itself added match none
            come(Change.of((PlainRecord) entry, 0));
        }
        Set<IdHash> removedUsers = new HashSet<>();
        batch.list("removed_users").forEach(user -> removedUsers.add(IdHash.of(String.valueOf(user))));
        while (!userRemovalsLeft.isEmpty()
                && removedUsers.contains(userRemovalsLeft.element().of())) {
            settle(userRemovalsLeft, Set.of(Outcome.USER_REMOVAL.label()));
        }
    }

    /** Settles the first change of an item that a batch has, and those that it replaced while they waited for their time. */
    private void come(Change change) {
        Deque<Change> left = changesLeft.getOrDefault(change.of(), new ArrayDeque<>(0));
        if (left.stream().noneMatch(each -> each.content().equals(change.content()))) {
            return;
        }
        come.add(change.content());
        boolean isFound = false;
        while (!isFound) {
            isFound = left.element().content().equals(change.content());
            settle(left, Set.of(Outcome.CATALOGUE_CHANGE.label()));
        }
    }

    private static int integer(PlainRecord batch, String list, int at) {
        return ((Number) batch.list(list).get(at)).intValue();
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
                if (waiting.offset() < position) {
                    Set<String> possible = withoutBatch(waiting, position, clock);
                    possible.add(WAITING);
                    outcomes.add(possible, place(waiting.offset()));
                }
            }
        }
        while (!userRemovalsLeft.isEmpty()) {
            settle(userRemovalsLeft, Set.of(WAITING));
        }
        for (Deque<Change> left : changesLeft.values()) {
            while (!left.isEmpty()) {
                // while it waited for its time the next change, or one like it, may have replaced it
                boolean mayBeReplaced =
                        left.size() > 1 || come.contains(left.element().content());
                settle(left, mayBeReplaced ? Set.of(WAITING, Outcome.CATALOGUE_CHANGE.label()) : Set.of(WAITING));
            }
        }
        return outcomes;
    }

    private void settle(Deque<Change> left, Set<String> possible) {
        outcomes.add(possible, place(left.remove().offset()));
    }

    private void enter(Sequence sequence, Origin origin, String id, long step, RecordAddress place) {
        List<LoggedExample> examples = sequence.examples;
        Optional<Integer> first =
                sequence.first(origin).filter(number -> examples.get(number).offset() < position);
        if (first.isEmpty()) {
            faults.add("step " + step + " (" + place + ") has example " + id + ", which is not among those that "
                    + topics.trainingExamples() + " holds and no earlier step has");
            return;
        }
        int found = first.get();
        long here = examples.get(found).offset();
        if (!sequence.skipped.isEmpty() && sequence.skipped.get(0).step() < step) {
            explainSkipped(sequence, here);
        }
        for (; sequence.next < found; sequence.next++) {
            sequence.skipped.add(new Skipped(examples.get(sequence.next), step, clock, place));
        }
        outcomes.add(Set.of(LEARNT_OR_REFUSED), place(here));
        sequence.next = found + 1;
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
        Optional<Change> listed = lastBefore(Change.Kind.ITEM, example.item(), offset);
        long removed = offsetBefore(Change.Kind.ITEM_REMOVAL, example.item(), offset);
        long listedAt = listed.map(Change::offset).orElse(-1L);
        Set<String> possible = new TreeSet<>();
        if (removed > listedAt // it was gone when the example came, or it or the user went before the batch closed
                || offsetBefore(Change.Kind.ITEM_REMOVAL, example.item(), until) > offset
                || offsetBefore(Change.Kind.USER_REMOVAL, example.user(), until) > offset) {
            possible.add(LEFT_OUT);
        }
        boolean isThere = listed.filter(item -> listedAt > removed && item.time() <= reached)
                .isPresent();
        if (example.isPositive() && example.weight() < 1 && !isThere) { // nobody had announced the item, or it waited
            possible.add(Outcome.CAPPED.label());
        }
        return possible;
    }

    /** The offset of the last change of a kind before an offset; -1 if there is none. */
    private long offsetBefore(Change.Kind kind, IdHash of, long offset) {
        return lastBefore(kind, of, offset).map(Change::offset).orElse(-1L);
    }

    private Optional<Change> lastBefore(Change.Kind kind, IdHash of, long offset) {
        return Optional.ofNullable(byOffset.getOrDefault(kind, Map.of())
                        .getOrDefault(of, new TreeMap<>())
                        .lowerEntry(offset))
                .map(Map.Entry::getValue);
    }

    private RecordAddress place(long example) {
        return new RecordAddress(topics.trainingExamples(), 0, example);
    }
}
