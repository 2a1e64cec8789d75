package dev.millrace.verify.books;

import static dev.millrace.verify.books.JoinedPartition.click;
import static dev.millrace.verify.books.JoinedPartition.exposure;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.Experiment.Per;
import dev.millrace.experiment.Experiment.Plan;
import dev.millrace.experiment.Experiment.Result;
import dev.millrace.experiment.UserCounts;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ExperimentRecountTest {

    private static final long T0 = 1_767_225_600_000L;
    private static final int LOGS = 300;

    @ParameterizedTest
    @EnumSource(Per.class)
    void sumsAreTheAttributionsInAnyOrderOfReading(Per per) {
        int told = 0;
        for (int seed = 0; seed < LOGS; seed++) {
            JoinedPartition partition = partition(per);
            Experiment state = experiment("first", 1, per);
            partition.play(seed, 5);
            partition.read(state);
            partition.play(seed + LOGS, 5);
            partition.read(state.ramped(2));
            partition.play(seed + 2 * LOGS, 5);
            if (seed % 3 == 0) {
                partition.read(state.ramped(2).ended(Result.STOPPED, 3, "enough"));
                partition.play(seed + 3 * LOGS, 5);
            }

            ExperimentRecount recount = recount(partition);

            if (recount.untold() == 0) {
                told++;
                assertThat(recount.sums()).as("log %d", seed).isEqualTo(partition.experimentSums());
            } else {
                countsAreWithin(recount, partition.experimentSums(), seed);
            }
        }
        assertThat(told)
                .isGreaterThan(LOGS / 10); // nearly every log has a wrong clock, a removal or an id that came twice
    }

    private static void countsAreWithin(ExperimentRecount recount, SortedMap<String, Long> books, int seed) {
        CountReport.Findings findings = new CountReport.Findings();
        findings.compareExperiment(0, books, recount);
        assertThat(findings.report().faults()).as("log %d", seed).isEmpty();
        assertThat(findings.report().notes()).isNotEmpty();
    }

    @Test
    void oneExposureMoreThanThereIsIsAFault() {
        JoinedPartition partition = partition(Per.EXPOSURE);
        Experiment state = experiment("first", 1, Per.EXPOSURE);
        partition.read(state);
        partition.read(exposure("e1", "ann", "book", T0));
        partition.read(click("c1", "ann", "book", "e1", "click", T0 + 1));
        SortedMap<String, Long> books = new TreeMap<>(partition.experimentSums());
        String arm = state.arm("ann").label();
        CountReport.Findings findings = new CountReport.Findings();

        findings.compareExperiment(0, books, recount(partition));
        assertThat(findings.report().faults()).isEmpty();
        books.merge(arm + "/0/exposures", 1L, Long::sum);
        books.remove(arm + "/0-0/xy");
        findings.compareExperiment(0, books, recount(partition));

        assertThat(findings.report().faults())
                .containsExactly(
                        "experiment, partition 0: the books have 0 " + arm + "/0-0/xy, there are at least 1",
                        "experiment, partition 0: the books have 2 " + arm + "/0/exposures, there are at most 1");
    }

    @Test
    void exposuresOfAnEarlierExperimentCountNoMore() {
        JoinedPartition partition = partition(Per.EXPOSURE);
        Experiment first = experiment("first", 1, Per.EXPOSURE);
        partition.read(first);
        partition.read(exposure("e1", "ann", "book", T0));
        partition.read(first.ended(Result.STOPPED, 2, "enough"));
        partition.read(experiment("second", 5, Per.EXPOSURE));
        partition.read(exposure("e2", "ann", "lamp", T0));
        partition.read(click("c1", "ann", "book", "e1", "click", T0 + 1));

        assertThat(recount(partition).sums())
                .isEqualTo(partition.experimentSums())
                .hasSize(4); // of one exposure: itself, its user, who is new, its square
    }

    @Test
    void whatARemovedUserCountedForIsNotTold() {
        JoinedPartition partition = partition(Per.EXPOSURE);
        partition.read(experiment("first", 1, Per.EXPOSURE));
        partition.read(exposure("e1", "ann", "book", T0));
        partition.forget("ann");
        partition.read(exposure("e2", "ann", "lamp", T0 + 1)); // to the attribution another user

        ExperimentRecount recount = recount(partition);

        assertThat(recount.untold()).isEqualTo(2);
        assertThat(recount.sums()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(Per.class)
    void whatOneUserDoesBeyondTheMostCountsForNothing(Per per) {
        JoinedPartition partition = new JoinedPartition(
                "attribution.mode=" + (per == Per.USER ? "clicks-only" : "exposures"),
                "attribution.cap.user=0",
                "attribution.cap.user-item=0");
        partition.read(experiment("first", 1, per));
        int most = UserCounts.MOST_COUNTED;
        for (int at = 0; at < most + 2; at++) {
            if (per == Per.EXPOSURE) {
                partition.read(exposure("e" + at, "ann", "i" + at, T0 + at));
            } else {
                partition.read(click("c" + at, "ann", "i" + at, "", "click", T0 + at));
            }
        }
        if (per == Per.EXPOSURE) {
            partition.read(click("within", "ann", "i0", "e0", "click", T0 + most + 2));
            partition.read(click("beyond", "ann", "i" + most, "e" + most, "click", T0 + most + 2));
        }

        assertThat(recount(partition).sums())
                .isEqualTo(partition.experimentSums())
                .containsValue((long) most);
    }

    private static ExperimentRecount recount(JoinedPartition partition) {
        return Objects.requireNonNull(partition.audit(true).experiments().get(0));
    }

    private static JoinedPartition partition(Per per) {
        return new JoinedPartition(
                "attribution.actions=click, like",
                "attribution.mode=" + (per == Per.USER ? "clicks-only" : "exposures"));
    }

    private static Experiment experiment(String name, long at, Per per) {
        Plan plan = new Plan("click", 0.02, 0.05, List.of(20.0, 60.0), Duration.ofHours(1), Duration.ofMinutes(10));
        return Experiment.started(name, "g1", "g2", "salt", plan.per(per), at);
    }
}
