package dev.millrace.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.train.Shop;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How far accounts bury an item that others like, by hiding it as often as they can: docs/reliability.md has what they do. */
@Tag("slow")
class BuriedItemTest {

    private static final int LIKED = 5; // place among the most clicked

    /** Accounts hide the item for all that their budget has; some of them click the items beside it before, so that the model would recommend it to them. */
    @ParameterizedTest
    @CsvSource({"1, false, 0.03", "1, true, 0.03", "10, false, 0.1", "10, true, 0.1"})
    void accountsBuryNoLikedItem(int accounts, boolean areFans, double most) {
        Scene scene = scene(accounts);

        Raid.Outcome raid = scene.raided(program(Instruction.Kind.HIDE, areFans));

        Shop.Standing with = raid.standing.orElseThrow();
        Shop.Standing without =
                scene.raided(program(Instruction.Kind.VIEW, areFans)).standing.orElseThrow();
        assertThat(raid.onTarget)
                .isBetween(2.9 * accounts, 3.3 * accounts); // attribution.cap.user-item, and what decays
        assertThat(with.topShare()).isGreaterThan(without.topShare() - most);
    }

    @Test
    void manyHonestUsersMoveIt() { // the measure can see it
        Scene scene = scene(1000);

        Shop.Standing with =
                scene.raided(program(Instruction.Kind.HIDE, false)).standing.orElseThrow();

        assertThat(with.topShare()).isLessThan(scene.control(0).topShare() / 2);
    }

    private static Scene scene(int accounts) {
        Scene scene = Scene.of(Goal.RANK, accounts, Map.of("attribution.negative-actions", Accounts.HIDE));
        return scene.aimedAt(scene.byClicks().get(LIKED));
    }

    private static Program program(Instruction.Kind kind, boolean areFans) {
        List<Instruction> instructions = new ArrayList<>();
        if (areFans) {
            instructions.add(instruction(Instruction.Kind.PAIR, Instruction.Items.POPULAR, 1, 60, 100));
        }
        instructions.add(instruction(kind, Instruction.Items.TARGET, 10, 70, 3_000));
        return new Program(instructions);
    }

    private static Instruction instruction(
            Instruction.Kind kind, Instruction.Items items, double weight, int from, int times) {
        return new Instruction(
                Instruction.EACH,
                kind,
                new Instruction.Aim(items, LIKED),
                weight,
                new Instruction.Clock(0, 0, 0),
                new Instruction.Size(0, Instruction.LEAST_ID_BYTES),
                new Instruction.Schedule(from, 4, times));
    }
}
