package dev.millrace.verify.books;

import static dev.millrace.verify.books.JoinedPartition.click;
import static dev.millrace.verify.books.JoinedPartition.exposure;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.event.Click;
import dev.millrace.event.Features;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What the join says of clicks and exposures that make no example or less of one, and of clocks that are wrong. */
class CappedClicksTest {

    private static final long T0 = 1_767_225_600_000L;
    private static final long MINUTE = 60_000;

    @Test
    void aCappedClickAnswersItsExposure() {
        JoinedPartition partition = new JoinedPartition();
        partition.read(exposure("e1", "ann", "book", T0));
        partition.read(weighing(.049, "c1", "e1"));
        partition.read(weighing(1, "c2", "e1"));
        goOn(partition);

        OfflineJoin.Verdicts verdicts = partition.audit(false);

        assertThat(verdicts.clicks().certain("capped")).isEqualTo(1);
        assertThat(verdicts.clicks().certain("repeated-action")).isEqualTo(1);
        assertThat(partition.outcomes("exposures")).containsEntry("clicked", 1L);
        assertIsExplained(partition);
    }

    @Test
    void noCapExplainsALostExampleOfAnOrdinaryUser() {
        JoinedPartition partition = new JoinedPartition();
        for (int at = 0; at < 3; at++) {
            partition.read(exposure("e" + at, "ann", "book", T0 + at * MINUTE));
            partition.read(weighing(.5, "c" + at, "e" + at));
        }
        assertLossIsNamed(partition, 2, "click c2 (clicks-0 offset 2)");
    }

    /** 2.5 of 3 have counted: the first click of weight 0.5 counts 0.5 · 2 (1 − 2.5/3) = 1/6, and one of 0.1 less than 0.05. */
    @Test
    void whetherAClickMayBeCappedDependsOnItsWeight() {
        JoinedPartition partition = new JoinedPartition("attribution.mode=clicks-only");
        partition.read(weighing(2.5, "c0", ""));
        partition.read(weighing(.1, "c1", ""));
        partition.read(weighing(.5, "c2", ""));
        assertThat(partition.outcomes("clicks")).containsEntry("capped", 1L);
        assertLossIsNamed(partition, 1, "click c2 (clicks-0 offset 2)");
        assertThat(partition.audit(true).clicks().certain("capped")).isEqualTo(1);
    }

    /** A click of an earlier time than the user's last example finds what that one left. */
    @Test
    void sumsDecayToTheTimeOfTheClickButNotBack() {
        JoinedPartition partition = new JoinedPartition("attribution.mode=clicks-only");
        long halfAYear = 183L * 24 * 60 * MINUTE;
        partition.read(at(T0, 3, "c0"));
        partition.read(at(T0 - 20 * MINUTE, 1, "c1"));
        partition.read(at(T0 + halfAYear, 1, "c2"));
        assertThat(partition.outcomes("clicks")).containsEntry("capped", 1L);
        assertLossIsNamed(partition, 1, "click c2 (clicks-0 offset 2)");
    }

    @Test
    void clickAboveTheLargestWeightIsBookedAsCut() {
        JoinedPartition partition = new JoinedPartition(
                "attribution.mode=clicks-only", "attribution.cap.user-item=0", "attribution.cap.user=0");
        partition.read(weighing(10, "c0", ""));
        partition.read(weighing(1e6, "c1", ""));

        assertThat(partition.audit(false).clicks().certain("attributed: cut weight"))
                .isEqualTo(1);
        assertIsExplained(partition);
    }

    @Test
    void sampledExposuresBeyondTheCapNeedNoExample() {
        JoinedPartition partition = new JoinedPartition("negatives.exposed=1", "negatives.exposed.sample=1");
        for (int at = 0; at < 8; at++) {
            partition.read(exposure("e" + at, "ann", "book", T0 + at));
        }
        goOn(partition);
        assertThat(partition.examples.stream().filter(example -> !example.isPositive()))
                .hasSize(5);

        assertIsExplained(partition);
    }

    @Test
    void wrongClockOfOneUserExplainsNoLostExampleOfAnother() {
        JoinedPartition partition = new JoinedPartition();
        for (String user : List.of("ann", "bob", "cid")) {
            partition.read(exposure("e", user, "book", T0));
            partition.read(click("early", user, "pen", "", "hover", T0));
        }
        partition.read(exposure("ahead", "zed", "book", T0 + 600 * MINUTE));
        partition.read(click("ahead", "zed", "pen", "", "hover", T0 + 600 * MINUTE));
        partition.read(click("c", "ann", "book", "e", "click", T0 + MINUTE));
        assertLossIsNamed(partition, 0, "click c (clicks-0 offset 4)");
    }

    /** Its wait begins when it came, as does the memory of its id. */
    @Test
    void clickOfAnOldTimeIsRememberedFromNowOn() {
        JoinedPartition partition = new JoinedPartition(
                "attribution.mode=clicks-only", "attribution.window=1h", "attribution.deduplication-window=1h");
        partition.read(at(T0 + 300 * MINUTE, 1, "c0"));
        partition.read(at(T0, 1, "old"));
        partition.read(at(T0 + 330 * MINUTE, 1, "c1"));
        partition.read(at(T0, 1, "old"));

        assertThat(partition.audit(false).clicks().certain("duplicate")).isEqualTo(1);
        assertIsExplained(partition);
    }

    @Test
    void exposureOfAnOldTimeIsOpenForAWindow() {
        JoinedPartition partition = new JoinedPartition("attribution.window=1h", "attribution.max-skew=1m");
        goOn(partition);
        partition.read(exposure("old", "ann", "book", T0));
        partition.read(click("c", "ann", "book", "old", "click", T0 + MINUTE));
        assertThat(partition.outcomes("clicks")).containsEntry("attributed", 1L);
        assertThat(partition.outcomes("exposures")).containsEntry("waiting", 4L);

        assertThat(partition.audit(false).exposures().certain("waiting")).isEqualTo(4);
        assertIsExplained(partition);
    }

    @Test
    void amountsOfOldDatesLieBetweenBounds() {
        JoinedPartition partition = new JoinedPartition("attribution.mode=clicks-only");
        goOn(partition);
        long day = 24 * 60 * MINUTE;
        for (int at = 9; at > 0; at--) {
            partition.read(at(T0 - at * day, 1, "c" + at));
        }

        // as of now, whatever their dates: 1, 1, 2/3, 2/9, 2/27
        assertThat(partition.outcomes("clicks")).containsEntry("attributed", 5L).containsEntry("capped", 4L);
        assertIsExplained(partition);
    }

    private static void goOn(JoinedPartition partition) {
        for (String user : List.of("eve", "fay", "gus")) {
            partition.read(exposure("e", user, "cup", T0 + 300 * MINUTE));
            partition.read(click("c", user, "cup", "e", "hover", T0 + 300 * MINUTE));
        }
    }

    private static void assertIsExplained(JoinedPartition partition) {
        assertThat(partition.isExplained(false)).isTrue();
    }

    private static void assertLossIsNamed(JoinedPartition partition, int example, String click) {
        assertIsExplained(partition);

        partition.lose(example);

        assertThat(partition.faults())
                .singleElement()
                .asString()
                .contains(click + " must have been attributed, and has no example");
    }

    /** @param exposure that it names; blank for none */
    private static Click weighing(double weight, String id, String exposure) {
        return new Click(
                id,
                "ann",
                "book",
                Optional.of(exposure).filter(named -> !named.isBlank()),
                "click",
                weight,
                T0 + 3 * MINUTE,
                T0,
                Features.NONE);
    }

    private static Click at(long time, double weight, String id) {
        return new Click(id, "ann", "book", Optional.empty(), "click", weight, time, time, Features.NONE);
    }
}
