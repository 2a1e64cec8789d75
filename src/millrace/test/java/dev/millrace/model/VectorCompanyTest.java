package dev.millrace.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.catalogue.Catalogue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** An item's vector depends on the weights and the item alone, not on the other items of the call. */
class VectorCompanyTest {

    static List<Arguments> towers() {
        List<Arguments> all = new ArrayList<>(Scenes.towersAndFeatures());
        for (String shape : List.of("8 9", "64 64", "33 17", "64 64,128,64", "128 400,100")) {
            String[] widths = shape.split(" ");
            String declared = "tower.dim=" + widths[0] + " tower.item.hidden=" + widths[1] + " tower.output-scale=1";
            all.add(Arguments.of(shape, declared));
        }
        return all;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("towers")
    void theBitsOfAVectorDoNotDependOnTheOtherItems(String name, String declared) {
        ModelSettings settings = Scenes.settings(declared);
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
