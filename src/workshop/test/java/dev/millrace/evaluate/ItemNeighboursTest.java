package dev.millrace.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ItemNeighboursTest {

    private static final long TIME = 1_700_000_000_000L;

    @Test
    void similarityIsTheCosineOfTheSetsOfUsers() {
        ItemNeighbours neighbours = listed("a", "b", "c", "d");
        had(neighbours, "anna", "a", "b", "a"); // the same once more changes nothing
        had(neighbours, "ben", "a", "b", "c");
        had(neighbours, "cleo", "a");

        // n_a = 3, n_b = 2, n_c = 1; n_ab = 2, n_ac = 1, n_bc = 1
        double ab = 2 / Math.sqrt(3 * 2);
        double ac = 1 / Math.sqrt(3);
        double bc = 1 / Math.sqrt(2);
        assertThat(neighbours.scores(List.of("a"))).containsExactly(new double[] {0, ab, ac, 0}, within(1e-12));
        assertThat(neighbours.scores(List.of("b", "a")))
                .containsExactly(new double[] {ab, ab, ac + bc, 0}, within(1e-12));
    }

    @Test
    void aPlaceCountsWhatIsListedAndNotHadAndHalfOfWhatTies() {
        ItemNeighbours neighbours = listed("a", "b", "c", "d", "e");
        had(neighbours, "anna", "a", "b");
        had(neighbours, "ben", "a", "c");
        // after a: b and c score 1 / √2 each, d and e nothing; a itself was had

        assertThat(neighbours.place("b", List.of("a"))).isEqualTo(1.5);
        assertThat(neighbours.place("d", List.of("a"))).isEqualTo(3.5);
        assertThat(neighbours.place("d", List.of("a", "b", "c"))).isEqualTo(1.5);

        neighbours.change(new CatalogueChange.Removal("c", TIME));

        assertThat(neighbours.place("b", List.of("a"))).isEqualTo(1);
    }

    @Test
    void nearestHaveAScoreAreListedAndNotExcluded() {
        ItemNeighbours neighbours = listed("a", "b", "c", "d");
        had(neighbours, "anna", "a", "b", "unlisted");
        had(neighbours, "ben", "a", "b", "c");

        // a with b: 2 / √(2·2) = 1; a with c: 1 / √2
        assertThat(neighbours.nearest(List.of("a"), 10, Set.of("a"))).containsExactly("b", "c");
        assertThat(neighbours.nearest(List.of("a"), 10, Set.of("a", "b"))).containsExactly("c");
        assertThat(neighbours.nearest(List.of("a"), 1, Set.of("a"))).containsExactly("b");
        assertThat(neighbours.nearest(List.of(), 10, Set.of())).isEmpty();
    }

    @Test
    void agreesWithTheSlowTwin() {
        Random random = new Random(1);
        ItemNeighbours neighbours = new ItemNeighbours();
        Map<String, Set<String>> usersOf = new HashMap<>();
        for (int event = 0; event < 3_000; event++) {
            String user = "u" + random.nextInt(60);
            String item = "i" + Math.min(random.nextInt(200), random.nextInt(200));
            neighbours.change(new CatalogueChange.Upsert(new CatalogueItem(item, TIME, Features.NONE)));
            neighbours.observe(user, item);
            usersOf.computeIfAbsent(item, absent -> new HashSet<>()).add(user);
        }
        for (int query = 0; query < 40; query++) {
            Set<String> history = new LinkedHashSet<>();
            for (int at = 0; at < 30; at++) {
                history.add("i" + random.nextInt(200));
            }
            List<String> latestFirst = List.copyOf(history);

            String target = "i" + random.nextInt(200);
            if (usersOf.containsKey(target) && !history.contains(target)) {
                assertThat(neighbours.place(target, latestFirst)).isEqualTo(place(usersOf, target, latestFirst));
            }
        }
    }

    private static double place(Map<String, Set<String>> usersOf, String target, List<String> history) {
        double mark = score(usersOf, target, history);
        double place = 1;
        for (String item : usersOf.keySet()) {
            if (!item.equals(target) && !history.contains(item)) {
                double score = score(usersOf, item, history);
                // sums in another order differ in the last bits
                place += Math.abs(score - mark) < 1e-12 ? 0.5 : score > mark ? 1 : 0;
            }
        }
        return place;
    }

    private static double score(Map<String, Set<String>> usersOf, String item, List<String> history) {
        double sum = 0;
        Set<String> users = usersOf.getOrDefault(item, Set.of());
        for (String had : history.subList(0, Math.min(20, history.size()))) {
            Set<String> both = new HashSet<>(usersOf.getOrDefault(had, Set.of()));
            double size = both.size();
            both.retainAll(users);
            sum += both.isEmpty() || had.equals(item) ? 0 : both.size() / Math.sqrt(size * users.size());
        }
        return sum;
    }

    private static ItemNeighbours listed(String... items) {
        ItemNeighbours neighbours = new ItemNeighbours();
        for (String item : items) {
            neighbours.change(new CatalogueChange.Upsert(new CatalogueItem(item, TIME, Features.NONE)));
        }
        return neighbours;
    }

    private static void had(ItemNeighbours neighbours, String user, String... items) {
        for (String item : items) {
            neighbours.observe(user, item);
        }
    }
}
