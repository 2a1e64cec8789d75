package dev.millrace.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.train.TrainerSettings;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import org.junit.jupiter.api.Test;

class LearnerSettingsTest {

    /** Another process has the same hash of the same settings: what has no order of its own is written in another one there. */
    @Test
    void allSettingsOfALearnerHaveAnOrderOfTheirOwn() {
        List<String> withoutOrder = new ArrayList<>();
        Set<Type> seen = new HashSet<>();
        walk(TrainerSettings.class, "", seen, withoutOrder);

        assertThat(seen).hasSizeGreaterThan(30);
        assertThat(withoutOrder).isEmpty();
    }

    private static void walk(Type type, String path, Set<Type> seen, List<String> withoutOrder) {
        if (!seen.add(type)) {
            return;
        }
        if (type instanceof ParameterizedType generic) {
            Class<?> raw = (Class<?>) generic.getRawType();
            boolean isUnordered = (Map.class.isAssignableFrom(raw) && !SortedMap.class.isAssignableFrom(raw))
                    || (Set.class.isAssignableFrom(raw) && !SortedSet.class.isAssignableFrom(raw));
            if (isUnordered) {
                withoutOrder.add(path + ": " + type);
            }
            Arrays.stream(generic.getActualTypeArguments()).forEach(part -> walk(part, path, seen, withoutOrder));
        } else if (type instanceof Class<?> array && array.isArray()) {
            withoutOrder.add(path + ": " + type);
        } else if (type instanceof Class<?> known && known.isRecord()) {
            for (RecordComponent component : known.getRecordComponents()) {
                walk(component.getGenericType(), path + "." + component.getName(), seen, withoutOrder);
            }
        } else if (type instanceof Class<?> sealed && sealed.isSealed()) {
            Arrays.stream(sealed.getPermittedSubclasses()).forEach(one -> walk(one, path, seen, withoutOrder));
        }
    }
}
