package dev.millrace.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class AnswerWindowTest {

    @Test
    void windowIsFullWithThreeHundredOfEachArmInTenSeconds() {
        assertThat(window(0, 10_000, 300, 300).isFull()).isTrue();
        assertThat(window(0, 9_999, 300, 300).isFull()).isFalse();
        assertThat(window(0, 10_000, 299, 9_000).isFull()).isFalse();
        assertThat(window(0, 10_000, 9_000, 299).isFull()).isFalse();
    }

    /** Each server has 300 of the treatment: it takes four of them for 1,000, and what began last is taken first. */
    @Test
    void windowsOfSeveralServersMerge() {
        List<AnswerWindow> servers = IntStream.range(0, 6)
                .mapToObj(server -> window(1_000L * server, 20_000, 400, 300))
                .toList();

        List<AnswerWindow> merged = AnswerWindow.merged(servers);

        assertThat(merged).singleElement().satisfies(one -> {
            assertThat(one.from()).isEqualTo(2_000);
            assertThat(one.to()).isEqualTo(20_000);
            assertThat(one.control().answers()).isEqualTo(1_600);
            assertThat(one.treatment().answers()).isEqualTo(1_200);
        });
    }

    @Test
    void mergedWindowHasAThousandAnswersOfEachArm() {
        AnswerWindow half = window(0, 10_000, 500, 2_000);

        assertThat(AnswerWindow.merged(List.of(half))).isEmpty();
        assertThat(AnswerWindow.merged(List.of(half, half))).hasSize(1);
        assertThat(AnswerWindow.merged(List.of(window(0, 10_000, 2_000, 500)))).isEmpty();
    }

    /** A hundred servers close a window every 10 s, each at another moment, and all are slow for 3 s. */
    @Test
    void oneMomentIsInOneMergedWindow() {
        List<AnswerWindow> windows = new ArrayList<>();
        for (int server = 0; server < 100; server++) {
            for (long from = 97L * server; from < 100_000; from += 10_000) {
                windows.add(window(from, from + 10_000, 400, 400));
            }
        }

        for (long moment = 0; moment < 100_000; moment += 500) {
            long begin = moment;
            assertThat(AnswerWindow.merged(windows).stream()
                            .filter(one -> one.from() <= begin + 3_000 && one.to() >= begin))
                    .hasSizeLessThanOrEqualTo(1);
        }
        assertThat(AnswerWindow.merged(windows)).hasSize(3);
    }

    @Test
    void whatAServerKeepsMakesThreeMergedWindows() {
        List<AnswerWindow> closed = LongStream.range(1, AnswerWindow.MOST_KEPT) // one more is open
                .mapToObj(number -> window(10_000 * number, 10_000 * number + 10_000, 300, 300))
                .toList();

        assertThat(AnswerWindow.merged(closed)).hasSize(3);
    }

    @Test
    void serverOfFewAnswersHoldsUpNoOther() {
        List<AnswerWindow> windows = new ArrayList<>();
        for (long from = 0; from < 60_000; from += 10_000) {
            windows.add(window(from, from + 10_000, 1_000, 1_000));
        }
        windows.add(window(-3_600_000, 61_000, 300, 300)); // it closed last, and lasted an hour

        assertThat(AnswerWindow.merged(windows)).hasSize(3);
    }

    private static AnswerWindow window(long from, long to, int control, int treatment) {
        return new AnswerWindow(from, to, answers(control), answers(treatment));
    }

    private static ArmAnswers answers(int count) {
        return new ArmAnswers(count, 0, 0, 1, 1, List.of((long) count), new byte[0]);
    }
}
