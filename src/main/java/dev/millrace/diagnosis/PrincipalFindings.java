package dev.millrace.diagnosis;

import dev.millrace.topic.authoriser.AccessRule;
import dev.millrace.topic.authoriser.AccessRule.Resource;
import dev.millrace.topic.authoriser.AccessRule.Right;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What is wrong with the rights of one principal. */
final class PrincipalFindings {

    /** The name of the check. */
    static final String CHECK = "principals";

    private final Facts.Principal principal;
    private final PrincipalRights rights;
    private final String acls;
    private final String exactly;
    private final String commands;

    /** @param servers option of a command that names the cluster */
    PrincipalFindings(Facts.Principal principal, List<AccessRule> rules, String servers) {
        this.principal = principal;
        this.rights = new PrincipalRights(principal.name(), principal.needed(), rules);
        this.acls = "kafka-acls.sh" + servers;
        this.commands = String.join(", ", principal.commands());
        this.exactly = "millrace topics acls" + servers + " --principal " + AccessRule.quoted(principal.name())
                + " "
                + principal.commands().stream()
                        .map(command -> command.contains(" ") ? AccessRule.quoted(command) : command)
                        .collect(Collectors.joining(" "));
    }

    /** At least one. */
    List<Finding> all() {
        List<Finding> found = new ArrayList<>(lacking());
        rights.denied().forEach((rule, denied) -> found.add(denied(rule, denied)));
        found.addAll(beyond());
        if (found.isEmpty()) {
            found.add(Finding.ok(CHECK, name() + " has the rights of " + commands + ", and no others"));
        }
        return found;
    }

    private List<Finding> lacking() {
        List<Right> lacking = rights.lacking();
        String why = "a command without a right ends with status 77, or does less";
        if (lacking.size() == principal.needed().size()) {
            return List.of(Finding.fail(
                    CHECK,
                    name() + " has none of the rights of " + commands,
                    why,
                    exactly + " prints the calls that give them"));
        }
        List<Finding> found = new ArrayList<>();
        byResource(lacking)
                .forEach((resource, missing) -> found.add(Finding.fail(
                        CHECK,
                        name() + " lacks " + names(missing) + " on " + resource.text() + ", needed for " + commands,
                        why,
                        acls + " --add --allow-principal " + AccessRule.quoted(principal.name()) + " "
                                + resource.option() + operations(missing))));
        return found;
    }

    private Finding denied(AccessRule rule, Collection<Right> denied) {
        String rights = byResource(denied).entrySet().stream()
                .map(entry -> names(entry.getValue()) + " on " + entry.getKey().text())
                .collect(Collectors.joining("; "));
        return Finding.fail(
                CHECK,
                name() + " is denied " + rights + ", needed for " + commands + ", by a rule for " + rule.principal()
                        + ": " + rule.right().operation() + " on "
                        + rule.right().resource().text(),
                "no other rule can allow what one denies",
                remove("deny", rule.principal(), rule.host(), rule.right().resource(), List.of(rule.right())));
    }

    private List<Finding> beyond() {
        // rules that one call removes
        record Grant(String principal, String host, Resource resource) {}
        Map<Grant, List<AccessRule>> grants = new LinkedHashMap<>();
        rights.beyond().forEach(rule -> grants.computeIfAbsent(
                        new Grant(rule.principal(), rule.host(), rule.right().resource()), none -> new ArrayList<>())
                .add(rule));
        List<Finding> found = new ArrayList<>();
        grants.forEach((grant, rules) -> {
            List<Right> more = rules.stream().map(AccessRule::right).toList();
            found.add(Finding.warn(
                    CHECK,
                    principal.name() + " may " + names(more) + " on " + grant.resource.text()
                            + (grant.principal.equals(principal.name()) ? "" : " by a rule for " + grant.principal)
                            + ", beyond least privilege: more than needed for " + commands,
                    "whoever has its login may do the same",
                    (rights.dependsOn(rules) ? exactly + ", run the calls that it prints, then " : "")
                            + remove("allow", grant.principal, grant.host, grant.resource, more)));
        });
        return found;
    }

    /** Its name, and where it must be if rules are for single hosts. */
    private String name() {
        return principal.name()
                + rights.host().map(host -> ", from host " + host + ",").orElse("");
    }

    private String remove(String kind, String who, String host, Resource resource, List<Right> which) {
        return (who.equals(AccessRule.EVERYBODY) ? "if nobody else needs that rule, " : "") + acls + " --remove --"
                + kind + "-principal " + AccessRule.quoted(who)
                + (host.equals(AccessRule.EVERY_HOST) ? "" : " --" + kind + "-host " + AccessRule.quoted(host)) + " "
                + resource.option()
                + operations(which);
    }

    private static Map<Resource, List<Right>> byResource(Collection<Right> rights) {
        return rights.stream().collect(Collectors.groupingBy(Right::resource, LinkedHashMap::new, Collectors.toList()));
    }

    private static String names(List<Right> rights) {
        return rights.stream().map(right -> right.operation().name()).collect(Collectors.joining(", "));
    }

    private static String operations(List<Right> rights) {
        return rights.stream()
                .map(right -> " --operation " + right.operation().word())
                .collect(Collectors.joining());
    }
}
