package dev.millrace.wire;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.negative.NegativeDraws;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Mini-batches between core and Avro's columns.
 *
 * <p>Item ids of histories repeat a lot, feature names in every example: each text is written once and named by its place, which
 * takes one or two bytes. A decoded batch equals the encoded one, bit for bit.
 */
final class BatchCodec {

    private static final int FIRST_BRANCH = 0; // of the union of catalogue changes

    // branches of the union of a column's values
    private static final int ABSENT = 0;
    private static final int PRESENT = 1; // and those behind it, by kind

    private BatchCodec() {}

    /** Writes a batch in the order of its schema. */
    static void write(RecordEncoder fields, MiniBatch batch) {
        LongSummaryStatistics times =
                batch.examples().stream().mapToLong(TrainingExample::time).summaryStatistics();
        Dictionary texts = new Dictionary();
        RecordEncoder columns = new RecordEncoder(new byte[0]); // name the texts, which stand before them
        write(columns, batch, texts);
        fields.longInteger(batch.step())
                .longInteger(batch.seed())
                .longInteger(times.getCount() == 0 ? 0 : times.getMin())
                .longInteger(times.getCount() == 0 ? 0 : times.getMax())
                .all(batch.catalogue(), change -> TrainingRecords.write(fields, FIRST_BRANCH, change))
                .all(unannounced(batch.catalogue()), at -> fields.longInteger(at))
                .longInteger(batch.catalogueSize())
                .all(texts.texts, fields::text)
                .append(columns);
    }

    private static void write(RecordEncoder to, MiniBatch batch, Dictionary texts) {
        List<TrainingExample> examples = new ArrayList<>(batch.asLearnt().examples());
        examples.addAll(batch.exposed());
        NegativeDraws draws = batch.draws();
        Consumer<String> place = text -> to.longInteger(texts.place(text));
        examples.forEach(example -> texts.place(example.item())); // the first places take one byte
        to.all(examples, example -> to.text(example.id()))
                .all(examples, example -> to.text(example.user().user()))
                .all(examples, example -> to.longInteger(example.user().time()))
                .all(examples, example -> to.all(example.user().history(), place))
                .all(examples, example -> place.accept(example.item()))
                .all(examples, example -> place.accept(example.action()))
                .all(examples, example -> to.number(example.weight()))
                .all(examples, example -> to.longInteger(example.time()))
                .all(examples, example -> to.longInteger(example.producedAt()));
        write(to, examples, example -> example.user().features(), place);
        write(to, examples, TrainingExample::context, place);
        to.smallNumbers(batch.logProbability())
                .all(batch.negatives(), place)
                .smallNumbers(batch.negativeLogProbability())
                .all(batch.removedUsers(), to::text)
                .longInteger(draws.byWeight())
                .longInteger(draws.fromMemory())
                .smallNumbers(draws.weightedLogProbability())
                .all(draws.hard(), place)
                .all(Arrays.stream(draws.hardOwners()).boxed().toList(), owner -> to.longInteger(owner))
                .longInteger(batch.exposed().size())
                .longInteger(batch.rehearsed().size())
                .longInteger(batch.clock());
    }

    /** Writes features of examples, each as a column, in the order of their names. */
    private static void write(
            RecordEncoder to,
            List<TrainingExample> examples,
            Function<TrainingExample, Features> features,
            Consumer<String> place) {
        Map<String, @Nullable FeatureValue[]> columns = new HashMap<>();
        for (int at = 0; at < examples.size(); at++) {
            for (Map.Entry<String, FeatureValue> feature :
                    features.apply(examples.get(at)).values().entrySet()) {
                columns.computeIfAbsent(feature.getKey(), name -> new FeatureValue[examples.size()])[at] =
                        feature.getValue();
            }
        }
        FeatureValue.Visitor<RecordEncoder> cell = new FeatureCodec.Branches(to, PRESENT, place);
        to.all(new TreeMap<>(columns).entrySet(), column -> {
            to.text(column.getKey());
            to.all(Arrays.asList(column.getValue()), value -> {
                if (value == null) {
                    to.longInteger(ABSENT);
                } else {
                    value.accept(cell);
                }
            });
        });
    }

    static MiniBatch read(RecordDecoder from) throws IOException {
        long step = from.readLong();
        long seed = from.readLong();
        from.readLong(); // the times of the examples, from
        from.readLong(); // and to
        List<CatalogueChange> catalogue =
                FeatureCodec.list(from, () -> TrainingRecords.change(from, from.readIndex() - FIRST_BRANCH));
        for (int place : FeatureCodec.list(from, from::readInt)) {
            catalogue.set(place, catalogue.get(place).unannounced());
        }
        int catalogueSize = from.readInt();
        List<String> texts = FeatureCodec.list(from, from::readString);
        FeatureCodec.Element<String> place = () -> texts.get(from.readInt());
        List<String> ids = FeatureCodec.list(from, from::readString);
        int count = ids.size();
        List<String> users = FeatureCodec.list(from, from::readString);
        List<Long> userTimes = FeatureCodec.list(from, from::readLong);
        List<List<String>> histories = FeatureCodec.list(from, () -> FeatureCodec.list(from, place));
        List<String> items = FeatureCodec.list(from, place);
        List<String> actions = FeatureCodec.list(from, place);
        List<Double> weights = FeatureCodec.list(from, from::readDouble);
        List<Long> times = FeatureCodec.list(from, from::readLong);
        List<Long> producedAt = FeatureCodec.list(from, from::readLong);
        List<Features> userFeatures = features(from, count, place);
        List<Features> contexts = features(from, count, place);
        float[] logProbability = from.readFloats();
        List<String> negatives = FeatureCodec.list(from, place);
        float[] negativeLogProbability = from.readFloats();
        List<String> removedUsers = FeatureCodec.list(from, from::readString);
        NegativeDraws draws = new NegativeDraws(
                from.readInt(),
                from.readInt(),
                from.readFloats(),
                FeatureCodec.list(from, place),
                FeatureCodec.list(from, from::readInt).stream()
                        .mapToInt(owner -> owner)
                        .toArray());
        int learnt = count - from.readInt();
        int positives = learnt - from.readInt();
        List<TrainingExample> examples = new ArrayList<>(count);
        for (int at = 0; at < count; at++) {
            examples.add(new TrainingExample(
                    ids.get(at),
                    new UserFeatures(users.get(at), userTimes.get(at), userFeatures.get(at), histories.get(at)),
                    contexts.get(at),
                    items.get(at),
                    actions.get(at),
                    weights.get(at),
                    times.get(at),
                    producedAt.get(at),
                    at < learnt));
        }
        return new MiniBatch(
                step,
                seed,
                catalogue,
                examples.subList(0, positives),
                logProbability,
                negatives,
                negativeLogProbability,
                catalogueSize,
                removedUsers,
                draws,
                examples.subList(learnt, count),
                examples.subList(positives, learnt),
                from.readLong());
    }

    private static List<Integer> unannounced(List<CatalogueChange> catalogue) {
        return IntStream.range(0, catalogue.size())
                .filter(place -> !catalogue.get(place).isAnnounced())
                .boxed()
                .toList();
    }

    /** Reads columns, each of a value or none for each example. Returns the features of each example. */
    private static List<Features> features(RecordDecoder from, int count, FeatureCodec.Element<String> place)
            throws IOException {
        List<SortedMap<String, FeatureValue>> values = new ArrayList<>(count);
        for (int at = 0; at < count; at++) {
            values.add(new TreeMap<>());
        }
        for (long block = from.readArrayStart(); block > 0; block = from.arrayNext()) {
            for (long left = block; left > 0; left--) {
                String name = from.readString();
                List<Optional<FeatureValue>> column = FeatureCodec.list(from, () -> cell(from, place));
                for (int at = 0; at < count; at++) {
                    SortedMap<String, FeatureValue> of = values.get(at);
                    column.get(at).ifPresent(value -> of.put(name, value));
                }
            }
        }
        return values.stream().map(Features::taking).toList();
    }

    private static Optional<FeatureValue> cell(RecordDecoder from, FeatureCodec.Element<String> place)
            throws IOException {
        int branch = from.readIndex();
        return branch == ABSENT ? Optional.empty() : Optional.of(FeatureCodec.value(branch - PRESENT, from, place));
    }

    /** Texts by place, in the order of first use. */
    private static final class Dictionary {

        final List<String> texts = new ArrayList<>();
        private final Map<String, Integer> places = new HashMap<>();

        int place(String text) {
            Integer known = places.putIfAbsent(text, texts.size());
            if (known == null) {
                texts.add(text);
                return texts.size() - 1;
            }
            return known;
        }
    }
}
