package dev.millrace.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SortedEntriesTest {

    @Test
    void handsOverInTheOrderOfTheKeysFirstWhatIsPut() {
        SortedEntries entries = new SortedEntries();
        entries.delete(new byte[] {9});
        entries.put(new byte[] {2, 1}, new byte[] {21});
        entries.put(new byte[] {-1}, new byte[] {99}); // 255: the largest
        entries.delete(new byte[] {3});
        entries.put(new byte[] {2}, new byte[] {20});
        List<String> handed = new ArrayList<>();

        entries.passTo(new EntrySink() {
            @Override
            public void put(byte[] key, byte[] value) {
                handed.add("put " + key.length + " " + key[0] + " " + value[0]);
            }

            @Override
            public void delete(byte[] key) {
                handed.add("delete " + key[0]);
            }
        });

        assertThat(handed).containsExactly("put 1 2 20", "put 2 2 21", "put 1 -1 99", "delete 3", "delete 9");
    }
}
