package dev.millrace.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.batch.Catalogue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** An item's vector depends on the weights and the item alone, not on the other items of the call. */
class VectorCompanyTest {

    @ParameterizedTest
    @CsvSource({"8,9", "64,64", "33,17", "64,'128,64'", "128,'400,100'"})
    void theBitsOfAVectorDoNotDependOnTheOtherItems(int dim, String hidden) {
        check(Scenes.settings("tower.dim", "" + dim, "tower.item.hidden", hidden, "tower.output-scale", "1"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("dev.millrace.model.Scenes#towersAndFeatures")
    void theBitsDoNotDependOnTheOtherItemsInAnyKindOfTower(String name, String[] declared) {
        check(Scenes.settings(declared));
    }

    private static void check(ModelSettings settings) {
        Catalogue catalogue = Scenes.catalogue();
        TwoTower model = new TwoTower(settings, catalogue);
        int dim = model.dim();
        for (int step = 1; step <= 5; step++) {
            model.learn(Scenes.batch(step, 40, 20));
        }
        Map<String, float[]> alone = new TreeMap<>();
        for (int item = 0; item < Scenes.ITEMS; item++) {
            float[] vector = new float[dim];
            model.itemVectors(List.of("i" + item), vector);
            alone.put("i" + item, vector);
        }

        for (int size : new int[] {2, 3, 7, 8, 9, 12, 15, 16, 17, 23, 31, 63, 64, 65, 100, 257, 700}) {
            List<String> company = new ArrayList<>();
            for (int at = 0; at < size; at++) {
                company.add("i" + (at * 7 + size) % Scenes.ITEMS);
            }
            float[] together = new float[size * dim];
            model.itemVectors(company, together);

            for (int at = 0; at < size; at++) {
                assertThat(Arrays.copyOfRange(together, at * dim, (at + 1) * dim))
                        .as("place %s of %s", at, size)
                        .isEqualTo(alone.get(company.get(at)));
            }
        }
    }
}
