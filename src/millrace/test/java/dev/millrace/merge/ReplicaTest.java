package dev.millrace.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySource;
import dev.millrace.state.MemoryEntries;
import dev.millrace.train.EntryKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class ReplicaTest {

    private static final int ROUNDS = 20;

    private static Set<byte[]> keys() {
        return new TreeSet<>(Arrays::compareUnsigned);
    }

    /** A base with rounds, in one of which an item leaves. */
    private static Shards learnt() {
        Shards shards = new Shards(Shards.settings(), 1);
        SplittableRandom random = new SplittableRandom(5);
        shards.list();
        for (int round = 2; round <= ROUNDS; round++) {
            shards.shards.get(0).learn(Shards.examples("u", random));
            shards.base.add(shards.shards.get(0).cut(), "");
            if (round == 7) {
                shards.base.change(new CatalogueChange.Removal("i7", Shards.TIME));
            }
            shards.round();
            if (random.nextInt(3) == 0) {
                shards.shards.get(0).follow(shards.rounds.size());
            }
        }
        return shards;
    }

    /** Key and value of what a shard reads, in hexadecimal. */
    private static Map<String, String> all(EntrySource entries) {
        Map<String, String> all = new TreeMap<>();
        entries.scan(new byte[0], (key, value) -> {
            if (EntryKind.of(key)
                    .filter(kind -> kind == EntryKind.MODEL || kind == EntryKind.CATALOGUE)
                    .isPresent()) {
                all.put(HexFormat.of().formatHex(key), HexFormat.of().formatHex(value));
            }
            return true;
        });
        return all;
    }

    /** Three readers go on at moments of their own; what all have passed is stored meanwhile. */
    @Test
    void eachReaderSeesTheEntriesAsOfItsRound() {
        try (Shards shards = learnt()) {
            MemoryEntries stored = new MemoryEntries();
            MemoryEntries now = new MemoryEntries();
            Replica replica = new Replica(stored);
            List<Map<String, String>> asOf = new ArrayList<>();
            List<Replica.View> views = new ArrayList<>();
            SplittableRandom random = new SplittableRandom(8);
            int advanced = 0;

            for (int round = 0; round <= ROUNDS; round++) {
                shards.written(round, replica::take);
                shards.written(
                        round, (key, value) -> value.ifPresentOrElse(one -> now.put(key, one), () -> now.delete(key)));
                asOf.add(all(now));
                if (round == 0) {
                    replica.caughtUp();
                }
                if (views.size() < 3) {
                    views.add(replica.view());
                }
                for (Replica.View view : views) {
                    if (random.nextInt(4) == 0) {
                        long before = view.round();
                        Set<byte[]> changed = keys();
                        List<Round> rounds = view.advance(changed);
                        advanced += rounds.size();
                        assertThat(rounds).hasSize((int) (round - before));
                        assertThat(changed.isEmpty()).isEqualTo(rounds.isEmpty());
                    }
                    Map<String, String> expected = asOf.get((int) view.round());
                    assertThat(all(view)).isEqualTo(expected);
                    expected.forEach((key, value) -> assertThat(
                                    view.get(HexFormat.of().parseHex(key)).map(HexFormat.of()::formatHex))
                            .contains(value));
                }
            }

            assertThat(advanced).isGreaterThan(ROUNDS);
            views.forEach(view -> view.advance(keys()));
            views.subList(0, 2).forEach(Replica.View::close);
            assertThat(all(views.get(2))).isEqualTo(asOf.get(ROUNDS));
        }
    }

    @Test
    void whatAllReadersHavePassedIsStored() {
        try (Shards shards = learnt()) {
            Replica replica = new Replica(new MemoryEntries());
            shards.written(0, replica::take);
            replica.caughtUp();
            Replica.View slow = replica.view();
            Replica.View quick = replica.view();
            for (int round = 1; round <= 4; round++) {
                shards.written(round, replica::take);
                quick.advance(keys());
            }

            assertThat(replica.newer()).isEqualTo(4);
            slow.close();
            shards.written(5, replica::take);

            // rounds 1 to 4 are stored, and the fifth is that which the other has not come to
            assertThat(replica.newer()).isEqualTo(1);
        }
    }

    /** Compaction may take away an entry that is written again later, while the entries before are still being read. */
    @Test
    void entriesThatAreNotWholeAreReadOnUntilTheyAre() {
        try (Shards shards = learnt()) {
            Replica replica = new Replica(new MemoryEntries());
            Set<byte[]> later = keys();
            shards.written(ROUNDS, (key, value) -> later.add(key));
            for (int round = 0; round < ROUNDS; round++) {
                shards.written(round, (key, value) -> {
                    if (!later.contains(key) || Base.isMark(key)) {
                        replica.take(key, value);
                    }
                });
            }

            replica.caughtUp();
            assertThat(replica.round()).isEqualTo(-1);
            assertThat(replica.hasHandled(0, 0)).isFalse();
            assertThatThrownBy(replica::view).isInstanceOf(IllegalStateException.class);
            shards.written(ROUNDS, replica::take);

            assertThat(replica.round()).isEqualTo(ROUNDS);
            assertThat(replica.hasHandled(0, ROUNDS - 1)).isTrue();
            assertThat(replica.hasHandled(0, ROUNDS)).isFalse();
        }
    }

    @Test
    void aRoundThatIsLeftOutIsNoticed() {
        try (Shards shards = learnt()) {
            Replica replica = new Replica(new MemoryEntries());
            shards.written(0, replica::take);
            replica.caughtUp();
            shards.written(1, replica::take);

            assertThatThrownBy(() -> shards.written(3, replica::take))
                    .isInstanceOf(CorruptEntryException.class)
                    .hasMessageContaining("round 3 follows round 1");
        }
    }

    @Test
    void readersAreToldWhyTheBaseIsNotFollowed() {
        try (Shards shards = learnt()) {
            Replica replica = new Replica(new MemoryEntries());
            shards.written(0, replica::take);
            replica.caughtUp();
            Replica.View view = replica.view();

            replica.fail(new IllegalStateException("no such topic"));

            assertThatThrownBy(() -> view.advance(keys())).hasMessageContaining("no such topic");
        }
    }
}
