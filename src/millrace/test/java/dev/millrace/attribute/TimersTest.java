package dev.millrace.attribute;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.state.Fields;
import dev.millrace.state.Form;
import dev.millrace.state.MemoryEntries;
import dev.millrace.state.Utf8;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import org.junit.jupiter.api.Test;

class TimersTest {

    private static final long T0 = 1_767_225_600_000L; // 2026-01-01

    private final MemoryEntries entries = new MemoryEntries();
    private final List<String> ended = new ArrayList<>();

    /** What is done next. */
    private sealed interface Step {

        record Set(long after, int name) implements Step {}

        record Run(long after) implements Step {}

        record Commit() implements Step {}

        record Restart() implements Step {}
    }

    @Property(tries = 2000)
    void timersEndOnceAndInOrderOverRestarts(@ForAll("steps") List<Step> steps) {
        MemoryEntries stored = new MemoryEntries();
        Timers timers = begun(stored);
        Set<String> set = new HashSet<>();
        List<String> waiting = new ArrayList<>();
        for (Step step : steps) {
            if (step instanceof Step.Set one) {
                long moment = timers.set(timers.cursor() + one.after, Utf8.bytes("x" + one.name));
                if (set.add(name(moment, "x" + one.name))) {
                    waiting.add(name(moment, "x" + one.name));
                }
            } else if (step instanceof Step.Run run) {
                long until = timers.cursor() + run.after;
                List<String> due = waiting.stream()
                        .filter(one -> moment(one) <= 2 * until)
                        .sorted(Comparator.naturalOrder()) // moments have the same number of digits
                        .toList();
                List<String> told = new ArrayList<>();
                timers.run(until, (subject, moment) -> told.add(name(moment, Utf8.text(subject))));
                assertThat(told.stream().distinct().toList()).isEqualTo(due);
                waiting.removeAll(due);
            } else {
                timers.drain();
                if (step instanceof Step.Restart) {
                    Timers again = new Timers(stored);
                    Form.restore(Form.written(timers::fields), again::fields);
                    timers = again;
                }
            }
        }
    }

    @Provide
    Arbitrary<List<Step>> steps() {
        // from some days in the past to some in the future, near moments as often as far ones
        Arbitrary<Long> distances = Combinators.combine(
                        Arbitraries.of(
                                -1_000_000L, -10L, 0L, 1L, 1_000L, 60_000L, 1_800_000L, 86_400_000L, 31_536_000_000L),
                        Arbitraries.longs().between(0, 2_000))
                .as(Long::sum);
        Arbitrary<Step> sets = Combinators.combine(
                        distances, Arbitraries.integers().between(0, 9))
                .as(Step.Set::new);
        Arbitrary<Step> runs =
                Arbitraries.of(1_000L, 1_001L, 5_000L, 1_800_000L, 86_400_000L).map(Step.Run::new);
        Arbitrary<Step> others = Arbitraries.of(new Step.Commit(), new Step.Commit(), new Step.Restart());
        return Arbitraries.frequencyOf(Tuple.of(10, sets), Tuple.of(3, runs), Tuple.of(3, others))
                .list()
                .ofMaxSize(80);
    }

    @Test
    void aTimerThatATimerSetsForThePastEndsInTheSameRun() {
        Timers timers = begun(entries);
        timers.set(T0 + 1_000, Utf8.bytes("first"));

        timers.run(T0 + 5_000, (subject, moment) -> {
            ended.add(Utf8.text(subject));
            if (ended.size() == 1) {
                timers.set(T0 + 2_000, Utf8.bytes("second"));
                timers.set(T0 + 9_000, Utf8.bytes("later"));
            }
        });

        assertThat(ended).containsExactly("first", "second");
    }

    @Test
    void timersOfACommitShareEntriesThatEndWithThem() {
        Timers timers = begun(entries);
        for (int at = 0; at < 5_000; at++) {
            timers.set(T0 + 86_400_000 + at / 10, Utf8.bytes("day-" + at));
            timers.set(T0 + 1_800_000 + at / 10, Utf8.bytes("window-" + at));
        }
        timers.drain();
        assertThat(stored()).isEqualTo(10); // a thousand in each

        timers.run(T0 + 1_801_000, (subject, moment) -> ended.add(Utf8.text(subject)));
        timers.drain();
        assertThat(stored()).isEqualTo(5);
        assertThat(ended).hasSize(5_000).allMatch(name -> name.startsWith("window-"));

        timers.run(T0 + 86_500_000, (subject, moment) -> ended.add(Utf8.text(subject)));
        timers.drain();
        assertThat(stored()).isZero();
        assertThat(ended).hasSize(10_000);
    }

    @Test
    void earlyTimersRewriteNoLaterOnes() {
        Timers timers = begun(entries);
        int commits = 0;
        for (int second = 0; second < 3_600; second++) { // one late event a second, an hour late
            for (int at = 0; at < 20; at++) {
                timers.set(timers.cursor() + 86_400_000 + 50L * at, Utf8.bytes("on-time-" + second + "-" + at));
            }
            timers.set(timers.cursor() + 82_800_000, Utf8.bytes("late-" + second));
            timers.drain();
            commits++;
            timers.run(timers.cursor() + 1_000, (subject, moment) -> ended.add(Utf8.text(subject)));
        }
        assertThat(blocks(timers)).isEqualTo(commits);
        while (ended.size() < 21 * 3_600) {
            timers.run(timers.cursor() + 1_000, (subject, moment) -> ended.add(Utf8.text(subject)));
            timers.drain();
        }

        assertThat(blocks(timers)).isLessThan(5L * commits);
    }

    private static Timers begun(MemoryEntries entries) {
        Timers timers = new Timers(entries);
        Form.restore(new Fields().longInteger(T0).longInteger(0).framed(), timers::fields);
        return timers;
    }

    /** Blocks written so far: behind the cursor in what is stored. */
    private static long blocks(Timers timers) {
        return Form.read(Form.written(timers::fields), form -> {
            form.longInteger(0);
            return form.longInteger(0);
        });
    }

    private int stored() {
        int[] count = {0};
        entries.scan(new byte[] {0}, (key, value) -> {
            count[0]++;
            return true;
        });
        return count[0];
    }

    private static String name(long moment, String subject) {
        return moment + " " + subject;
    }

    private static long moment(String name) {
        return Long.parseLong(name.substring(0, name.indexOf(' ')));
    }
}
