package dev.millrace.diagnosis;

import dev.millrace.topic.authoriser.AccessRule;
import dev.millrace.topic.authoriser.AccessRule.Kind;
import dev.millrace.topic.authoriser.AccessRule.Operation;
import dev.millrace.topic.authoriser.AccessRule.Resource;
import dev.millrace.topic.authoriser.AccessRule.Right;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What the rules of an authoriser give a principal, beside what it needs.
 *
 * <p>As Kafka's own authoriser decides (KIP-11, KIP-290): a rule is for a name, for all names with a prefix, or for every name. What a rule
 * denies no other rule allows. READ, WRITE, DELETE and ALTER allow DESCRIBE, ALTER_CONFIGS allows DESCRIBE_CONFIGS, and ALL allows
 * everything; a denial of READ does not deny DESCRIBE. CREATE on the cluster allows CREATE of each topic.
 *
 * <p>A right on a prefix is there if one rule gives it for all names with the prefix, and is denied if one of them is denied. Where rules are for single hosts,
 * the principal is taken to be on the host where it lacks least.
 */
final class PrincipalRights {

    private static final Right CREATE_ANY =
            new Right(new Resource(Kind.CLUSTER, "kafka-cluster", false), Operation.CREATE);

    private final String principal;
    private final Set<Right> needed;
    private final List<AccessRule> rules;
    private final String host;

    /** @param all rules of the cluster */
    PrincipalRights(String principal, Set<Right> needed, Collection<AccessRule> all) {
        this.principal = principal;
        this.needed = needed;
        this.rules = all.stream()
                .filter(rule ->
                        rule.principal().equals(principal) || rule.principal().equals(AccessRule.EVERYBODY))
                .toList();
        this.host = hostThatLacksLeast();
    }

    /** The host that the process must be on to have these rights; absent if any will do. */
    Optional<String> host() {
        return Optional.of(host).filter(one -> !one.equals(AccessRule.EVERY_HOST));
    }

    /** What it needs and no rule gives. */
    List<Right> lacking() {
        return needed.stream().filter(right -> !isGiven(right, host)).toList();
    }

    /** What it needs and a rule denies, by rule. */
    Map<AccessRule, Set<Right>> denied() {
        Map<AccessRule, Set<Right>> denied = new LinkedHashMap<>();
        for (Right right : needed) {
            denials(right, host).forEach(rule -> denied.computeIfAbsent(rule, none -> new LinkedHashSet<>())
                    .add(right));
        }
        return denied;
    }

    /** The rules that give more than it needs. */
    List<AccessRule> beyond() {
        return rules.stream()
                .filter(rule -> !rule.isDenial())
                .filter(rule -> Stream.of(Operation.values())
                        .filter(operation -> rule.right().operation().allows(operation))
                        .map(operation -> new Right(rule.right().resource(), operation))
                        .anyMatch(right -> !isNeeded(right) && !isDenied(right, rule)))
                .toList();
    }

    /** Whether it would lack something more without some of the rules. */
    boolean dependsOn(Collection<AccessRule> some) {
        List<AccessRule> others =
                rules.stream().filter(rule -> !some.contains(rule)).toList();
        return new PrincipalRights(principal, needed, others).lacking().size()
                > lacking().size();
    }

    private String hostThatLacksLeast() {
        Set<String> hosts = new LinkedHashSet<>(Set.of(AccessRule.EVERY_HOST));
        rules.forEach(rule -> hosts.add(rule.host()));
        String best = AccessRule.EVERY_HOST;
        long least = Long.MAX_VALUE;
        for (String one : hosts) {
            long without = needed.stream()
                    .filter(right -> !isGiven(right, one)
                            || denials(right, one).findAny().isPresent())
                    .count();
            if (without < least) {
                least = without;
                best = one;
            }
        }
        return best;
    }

    private Stream<AccessRule> at(String client) {
        return rules.stream()
                .filter(rule ->
                        rule.host().equals(AccessRule.EVERY_HOST) || rule.host().equals(client));
    }

    private boolean isGiven(Right right, String client) {
        return isCreatedByTheCluster(right, client)
                || at(client).anyMatch(rule -> !rule.isDenial() && gives(rule.right(), right));
    }

    private Stream<AccessRule> denials(Right right, String client) {
        return isCreatedByTheCluster(right, client)
                ? Stream.empty()
                : at(client)
                        .filter(rule -> rule.isDenial()
                                && rule.right().resource().meets(right.resource())
                                && isPart(rule.right().operation(), right.operation()));
    }

    /** A client that reads or writes asks where first. */
    private static boolean isPart(Operation denied, Operation operation) {
        return denied.denies(operation)
                || ((operation == Operation.READ || operation == Operation.WRITE) && denied == Operation.DESCRIBE);
    }

    /** Whoever may create on the cluster is not asked whether it may create a topic. */
    private boolean isCreatedByTheCluster(Right right, String client) {
        return right.operation() == Operation.CREATE
                && right.resource().kind() == Kind.TOPIC
                && isGiven(CREATE_ANY, client)
                && denials(CREATE_ANY, client).findAny().isEmpty();
    }

    private static boolean gives(Right has, Right right) {
        return has.resource().covers(right.resource()) && has.operation().allows(right.operation());
    }

    private boolean isNeeded(Right right) {
        return needed.stream().anyMatch(need -> gives(need, right));
    }

    /** Whether a right that a rule gives is denied wherever the rule is in force. */
    private boolean isDenied(Right right, AccessRule by) {
        return rules.stream()
                .anyMatch(rule -> rule.isDenial()
                        && (rule.host().equals(AccessRule.EVERY_HOST)
                                || rule.host().equals(by.host()))
                        && rule.right().resource().covers(right.resource())
                        && rule.right().operation().denies(right.operation()));
    }
}
