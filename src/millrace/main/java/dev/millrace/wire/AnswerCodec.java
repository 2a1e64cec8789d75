package dev.millrace.wire;

import static dev.millrace.wire.FeatureCodec.instant;

import dev.millrace.avro.AnswerRecord;
import dev.millrace.avro.AnsweredItemRecord;
import dev.millrace.avro.BoostRecord;
import dev.millrace.avro.ConditionRecord;
import dev.millrace.avro.MomentRecord;
import dev.millrace.event.Features;
import dev.millrace.experiment.Arm;
import dev.millrace.index.Arrangement;
import dev.millrace.index.ItemFilter;
import dev.millrace.index.ItemIndex;
import dev.millrace.index.Placed;
import dev.millrace.index.ScoreParts;
import dev.millrace.popularity.GivenWeights;
import dev.millrace.recall.Answer.Assigned;
import dev.millrace.recall.LoggedAnswer;
import dev.millrace.recall.LoggedAnswer.Unlogged;
import dev.millrace.recall.RecallRequest;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What servers log of their answers, between core and Avro. */
final class AnswerCodec {

    private static final String UNKNOWN = "";

    private AnswerCodec() {}

    static AnswerRecord toAvro(LoggedAnswer answer) {
        LoggedAnswer.Origin origin = answer.origin();
        LoggedAnswer.Standing standing = answer.standing();
        RecallRequest request = answer.question().request();
        RecallRequest.Weights weights = request.weights();
        return new AnswerRecord(
                origin.server(),
                instant(origin.at()),
                answer.asker().user(),
                answer.asker().state().orElse(UNKNOWN),
                origin.generation(),
                origin.assigned().map(Assigned::experiment).orElse(null),
                origin.assigned().map(one -> one.arm().label()).orElse(null),
                standing.positions(),
                standing.isMoved(),
                standing.index().items(),
                standing.index().moments().stream()
                        .map(moment -> new MomentRecord(instant(moment.time()), moment.halfLife()))
                        .toList(),
                request.k(),
                request.isSeenExcluded(),
                List.copyOf(new TreeSet<>(request.excluded())),
                request.filter().conditions().stream().map(AnswerCodec::toAvro).toList(),
                request.arrangement().boosts().stream()
                        .map(boost -> new BoostRecord(boost.attribute(), boost.value(), boost.weight()))
                        .toList(),
                new TreeMap<>(request.arrangement().atMost()),
                orNull(request.arrangement().diversity()),
                new TreeMap<>(request.arrangement().pins()),
                orNull(weights.given().popularity()),
                orNull(weights.given().neighbours()),
                new TreeMap<>(weights.channels()),
                answer.question().unlogged().stream()
                        .sorted()
                        .map(AnswerCodec::text)
                        .toList(),
                floats(answer.query()),
                answer.items().stream().map(AnswerCodec::toAvro).toList());
    }

    /** @throws IllegalArgumentException if the record has a part of a question, or an arm, that only another version knows */
    static LoggedAnswer toCore(AnswerRecord record) {
        Optional<Assigned> assigned = Optional.ofNullable(record.getExperiment())
                .map(experiment ->
                        new Assigned(experiment, constant(Arm.values(), Arm::label, String.valueOf(record.getArm()))));
        RecallRequest request = new RecallRequest(
                record.getUser(),
                record.getK(),
                record.getSeenExcluded(),
                Set.copyOf(record.getExcluded()),
                new ItemFilter(
                        record.getConditions().stream().map(AnswerCodec::toCore).toList()),
                Features.NONE,
                new RecallRequest.Weights(
                        new GivenWeights(
                                optional(record.getPopularityWeight()), optional(record.getNeighboursWeight())),
                        record.getChannelWeights()),
                Optional.empty(),
                Optional.empty(),
                0,
                new Arrangement(
                        record.getBoosts().stream()
                                .map(boost -> new Arrangement.Boost(
                                        boost.getAttribute(), boost.getValue(), boost.getWeight()))
                                .toList(),
                        record.getAtMost(),
                        optional(record.getDiversity()),
                        record.getPins()));
        return new LoggedAnswer(
                new LoggedAnswer.Origin(
                        record.getServer(), record.getAt().toEpochMilli(), record.getGeneration(), assigned),
                new LoggedAnswer.Asker(
                        record.getUser(), Optional.of(record.getState()).filter(state -> !state.equals(UNKNOWN))),
                new LoggedAnswer.Question(
                        request,
                        record.getUnlogged().stream()
                                .map(part -> constant(Unlogged.values(), AnswerCodec::text, part))
                                .collect(Collectors.toSet())),
                new LoggedAnswer.Standing(
                        new TreeMap<>(record.getPositions()),
                        record.getMoved(),
                        new ItemIndex.AsOf(
                                record.getIndexItems(),
                                record.getMoments().stream()
                                        .map(moment -> new ItemIndex.Moment(
                                                moment.getTime().toEpochMilli(), moment.getHalfLifeMillis()))
                                        .toList())),
                BatchCodec.floats(record.getQuery()),
                record.getItems().stream().map(AnswerCodec::toCore).toList());
    }

    private static AnsweredItemRecord toAvro(LoggedAnswer.Item item) {
        ScoreParts parts = item.parts();
        Placed placed = item.placed();
        return new AnsweredItemRecord(
                item.item(),
                item.score(),
                parts.cosine(),
                parts.popularity(),
                parts.age(),
                parts.neighbours(),
                parts.boost(),
                placed.pin(),
                new TreeMap<>(placed.quota()),
                placed.diversity());
    }

    private static LoggedAnswer.Item toCore(AnsweredItemRecord item) {
        return new LoggedAnswer.Item(
                item.getItemId(),
                item.getScore(),
                new ScoreParts(
                        item.getCosine(), item.getPopularity(), item.getAge(), item.getNeighbours(), item.getBoost()),
                new Placed(item.getPin(), item.getQuota(), item.getDiversity()));
    }

    private static ConditionRecord toAvro(ItemFilter.Condition condition) {
        return condition.when(
                anyOf -> new ConditionRecord(anyOf.attribute(), List.copyOf(new TreeSet<>(anyOf.values())), null, null),
                between -> new ConditionRecord(between.attribute(), null, between.min(), between.max()));
    }

    private static ItemFilter.Condition toCore(ConditionRecord condition) {
        @Nullable List<String> values = condition.getValues();
        return values == null
                ? new ItemFilter.Between(
                        condition.getAttribute(),
                        optional(condition.getMin()).orElse(Double.NEGATIVE_INFINITY),
                        optional(condition.getMax()).orElse(Double.POSITIVE_INFINITY))
                : new ItemFilter.AnyOf(condition.getAttribute(), Set.copyOf(values));
    }

    private static List<Float> floats(float[] vector) {
        Float[] boxed = new Float[vector.length];
        Arrays.setAll(boxed, at -> vector[at]);
        return List.of(boxed);
    }

    private static @Nullable Double orNull(OptionalDouble number) {
        return number.isPresent() ? number.getAsDouble() : null;
    }

    private static OptionalDouble optional(@Nullable Double number) {
        return number == null ? OptionalDouble.empty() : OptionalDouble.of(number);
    }

    private static String text(Unlogged part) {
        return part.name().toLowerCase(Locale.ROOT);
    }

    private static <E extends Enum<E>> E constant(E[] all, Function<E, String> text, String wanted) {
        return Arrays.stream(all)
                .filter(each -> text.apply(each).equals(wanted))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("only another version knows " + wanted));
    }
}
