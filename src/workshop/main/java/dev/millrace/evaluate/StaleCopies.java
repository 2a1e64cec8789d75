package dev.millrace.evaluate;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.exam.RankingTotals;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.MemoryEntries;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Frozen copies of a learner that rank the events of its exams: what an older model would have found.
 *
 * <p>Of each age a copy is taken twice in that time, in event time. The latest copy that has the age answers. So it lacks the clicks of that time before
 * the event, and at most those of half as long a time, or of a batch, more. Weights, mixture, counts of popularity and lists of neighbours are the copy's;
 * the counts go on decaying. The catalogue and what an event says of its user, the history above all, are of now: a copy encodes what it has not learnt.
 *
 * <p>Only events for which each age has a copy are counted, so that all ages are compared on the same ones. Of each age there are three or four copies on
 * the heap. One thread.
 */
public final class StaleCopies implements AutoCloseable {

    private static final double MILLIS_AN_HOUR = 3_600_000;
    private static final String NOTHING_IS_SENT = "it is an evaluation";
    private static final Duration LONGEST = Duration.ofDays(3_650);

    /** How old a copy is, as the caller writes it. */
    public record Age(String text, long millis) {

        /** The learner itself. */
        static final Age NONE = new Age("0", 0);

        /**
         * Reads 0, or a duration.
         *
         * @throws IllegalArgumentException if it is neither, or longer than ten years
         */
        public static Age of(String text) {
            Duration length = text.equals(NONE.text()) ? Duration.ZERO : SettingsReader.parseDuration(text);
            if (length.compareTo(LONGEST) > 0) {
                throw new IllegalArgumentException(text);
            }
            return new Age(text, length.toMillis());
        }
    }

    /** Whose last click is looked at. */
    public enum Touched {
        ANY("any"),
        USER("user"),
        ITEM("item");

        private final String text;

        Touched(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }
    }

    /**
     * Which of the events: all, or those whose user, or item, has its last click learnt so long before.
     *
     * @param passed of the ages, how many had passed since; one more than there are if none was
     * @param since how long before, as people read it
     */
    public record Part(Touched touched, int passed, String since) {

        static final Part ALL = new Part(Touched.ANY, 0, "");
    }

    /**
     * What one age found of one part of the events.
     *
     * @param lagHours mean event time from the last click learnt by what answered, to the batch of the event
     */
    public record Row(Part part, Age age, RankingTotals model, RankingTotals popularity, double lagHours) {

        private Row plus(double byModel, double byPopularity, double hours) {
            return new Row(
                    part,
                    age,
                    model.plus(byModel),
                    popularity.plus(byPopularity),
                    lagHours + (hours - lagHours) / (model.scored() + 1));
        }
    }

    private record Event(TrainingExample example, double byModel, double byPopularity) {}

    private final TrainerSettings settings;
    private final List<Copies> copies; // by age, ascending
    private final MemoryEntries written = new MemoryEntries(); // by the learner
    private final Map<String, Long> lastOfUser = new HashMap<>();
    private final Map<String, Long> lastOfItem = new HashMap<>();
    private final Map<Part, Map<Age, Row>> rows = new HashMap<>();
    private final List<Event> ranked = new ArrayList<>(); // of the batch
    private long learnt; // event time of the last click
    private long now; // event time of the batch

    /**
     * @param ages any number; none: nothing is done
     * @param begin event time from which on events are ranked
     * @param isOnce whether what is before it is learnt once, in its order: else its copies would know what came after them, and none is taken
     */
    StaleCopies(List<Age> ages, TrainerSettings settings, long begin, boolean isOnce) {
        this.settings = settings;
        SortedMap<Long, Age> byLength = new TreeMap<>();
        ages.stream().filter(age -> age.millis() > 0).forEach(age -> byLength.put(age.millis(), age));
        this.copies = byLength.values().stream()
                .map(age -> new Copies(age, begin - (isOnce ? 2 * age.millis() : 0)))
                .toList();
    }

    /** Takes the copies whose time has come, before the learner ranks and learns a batch. */
    void take(MiniBatch batch, Trainer learner) {
        if (!batch.examples().isEmpty()) {
            now = Math.max(learnt, batch.examples().get(0).time());
            copies.forEach(each -> each.take(learner));
        }
    }

    /** Receives an event of the batch, with its places by the learner. */
    void ranked(TrainingExample example, double byModel, double byPopularity) {
        if (copies.isEmpty()) {
            return;
        }
        ranked.add(new Event(example, byModel, byPopularity));
    }

    /** Lets the copies rank what the learner has ranked of a batch, and learnt. */
    void rank(MiniBatch batch) {
        if (copies.isEmpty()) {
            return;
        }
        copies.forEach(each -> each.follow(batch));
        if (copies.stream().allMatch(Copies::areOldEnough)) {
            ranked.forEach(event -> add(event.example(), Age.NONE, event.byModel(), event.byPopularity(), learnt));
            copies.forEach(Copies::rank);
        }
        ranked.clear();
        for (TrainingExample example : batch.examples()) {
            learnt = Math.max(learnt, example.time());
            lastOfUser.merge(example.user().user(), example.time(), Math::max);
            lastOfItem.merge(example.item(), example.time(), Math::max);
        }
    }

    private void add(TrainingExample example, Age age, double byModel, double byPopularity, long known) {
        Optional<Long> ofUser =
                Optional.ofNullable(lastOfUser.get(example.user().user()));
        Optional<Long> ofItem = Optional.ofNullable(lastOfItem.get(example.item()));
        add(Part.ALL, age, byModel, byPopularity, known);
        add(part(Touched.USER, ofUser, example.time()), age, byModel, byPopularity, known);
        add(part(Touched.ITEM, ofItem, example.time()), age, byModel, byPopularity, known);
    }

    private void add(Part part, Age age, double byModel, double byPopularity, long known) {
        Map<Age, Row> byAge = rows.computeIfAbsent(part, first -> new HashMap<>());
        Row soFar = byAge.getOrDefault(age, new Row(part, age, RankingTotals.NONE, RankingTotals.NONE, 0));
        byAge.put(age, soFar.plus(byModel, byPopularity, (now - known) / MILLIS_AN_HOUR));
    }

    private Part part(Touched touched, Optional<Long> last, long time) {
        if (last.isEmpty()) {
            return new Part(touched, copies.size() + 1, "none learnt");
        }
        int passed = (int) copies.stream()
                .filter(each -> time - last.get() >= each.age.millis())
                .count();
        String least = passed == 0 ? "" : copies.get(passed - 1).age.text();
        String most = passed == copies.size() ? "" : copies.get(passed).age.text();
        String since = passed == 0 ? "less than " + most : most.isEmpty() ? least + " or more" : least + " to " + most;
        return new Part(touched, passed, since);
    }

    /** Returns what each age found of each part that has events: of all, then by user, then by item. */
    List<Row> rows() {
        return rows.values().stream()
                .flatMap(byAge -> byAge.values().stream())
                .sorted(Comparator.<Row, Touched>comparing(row -> row.part().touched())
                        .thenComparing(row -> row.part().passed())
                        .thenComparing(row -> row.age().millis()))
                .toList();
    }

    @Override
    public void close() {
        copies.forEach(Copies::close);
    }

    /** @param learnt event time of the last click that it knows */
    private record Copy(Trainer trainer, long learnt) {}

    /** The copies of one age that answer, or will. */
    private final class Copies {
        private final Age age;
        private final long from;
        private final Deque<Copy> taken = new ArrayDeque<>(); // the oldest first

        /** @param from event time from which on copies are taken */
        Copies(Age age, long from) {
            this.age = age;
            this.from = from;
        }

        void take(Trainer learner) {
            boolean isDue = taken.isEmpty() || ageOf(taken.getLast()) >= age.millis() / 2;
            if (now >= from
                    && learnt > 0
                    && isDue
                    && (taken.isEmpty() || learnt > taken.getLast().learnt())) {
                learner.publish(Optional.of(NOTHING_IS_SENT), tombstone -> {}); // a commit would wait for it
                learner.drainDirty(written);
                Trainer copy = new Trainer(settings);
                written.scan(new byte[0], (key, value) -> {
                    copy.restore(key, value);
                    return true;
                });
                taken.addLast(new Copy(copy, learnt));
            }
            while (taken.size() > 1 && ageOf(second()) >= age.millis()) {
                taken.removeFirst().trainer().close();
            }
        }

        private Copy second() {
            Iterator<Copy> oldest = taken.iterator();
            oldest.next();
            return oldest.next();
        }

        private long ageOf(Copy copy) {
            return now - copy.learnt();
        }

        boolean areOldEnough() {
            return !taken.isEmpty() && ageOf(taken.getFirst()) >= age.millis();
        }

        void follow(MiniBatch batch) {
            taken.forEach(copy -> copy.trainer().follow(batch));
        }

        /** Ranks the events of the batch. An item that left while an exam of several steps was open is not found. */
        void rank() {
            Copy copy = taken.getFirst();
            List<TrainingExample> findable = new ArrayList<>();
            for (Event event : ranked) {
                if (copy.trainer().catalogue().contains(event.example().item())) {
                    findable.add(event.example());
                } else {
                    add(event.example(), age, Averages.NOT_FOUND, Averages.NOT_FOUND, copy.learnt());
                }
            }
            if (!findable.isEmpty()) {
                copy.trainer()
                        .rank(
                                findable,
                                (example, byModel, byPopularity) ->
                                        add(example, age, byModel.get(0), byPopularity, copy.learnt()));
            }
        }

        void close() {
            taken.forEach(copy -> copy.trainer().close());
        }
    }
}
