package dev.millrace.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.fuzz.Instruction.Items;
import dev.millrace.fuzz.Instruction.Kind;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the worst known programs make of an experiment. {@link RedTeamTest} searches for others. */
class ExperimentRaidTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 10})
    void accountsMoveTheTestByNoMoreThanTheirRoot(int accounts) throws IOException {
        Program worst = Program.read(RedTeam.file(RedTeam.KEPT, Goal.EXPERIMENT, accounts));

        Goal.Verdict verdict = ExperimentRaid.judge(worst, accounts);

        assertThat(verdict.damage()).as(verdict.words()).isLessThanOrEqualTo(verdict.bound());
    }

    /** Around the arm's own rate its residual was near 0, and 1,000 exposures and 400 clicks at the start of the first stage promoted. */
    @Test
    void oneAccountThatIsMostOfAnArmDecidesNothing() {
        Goal.Verdict verdict =
                ExperimentRaid.judge(new Program(List.of(early(Kind.PAIR, 400), early(Kind.EXPOSURE, 600))), 1);

        assertThat(verdict.holds()).as(verdict.words()).isTrue();
    }

    private static Instruction early(Kind kind, int times) {
        return new Instruction(
                0,
                kind,
                new Instruction.Aim(Items.FRESH, 1),
                1,
                new Instruction.Clock(0, 0, 0),
                new Instruction.Size(0, Instruction.LEAST_ID_BYTES),
                new Instruction.Schedule(30, 1, times));
    }
}
