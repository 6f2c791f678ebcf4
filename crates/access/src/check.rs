//! Reads policies and finds what is wrong with them.

use crate::mistake::PolicyMistake as Mistake;
use crate::policies::Policy;
use crate::schema::{SENSITIVITIES, schema, states};
use cedar_policy::{
    Effect, Entities, PolicySet, Schema, ValidationError as Invalid, ValidationMode, ValidationWarning as Warning, Validator,
};
use miette::Diagnostic as _;
use shirube_plan::{Diagnostic, Pack, Pair, Place, PolicyFile, did_you_mean};
use std::collections::BTreeMap;

const BUILT_IN: &str = include_str!("builtin.cedar");

/// Policies as far as they could be read.
pub(crate) struct Compiled {
    pub(crate) set: PolicySet,
    pub(crate) policies: BTreeMap<String, Policy>,
    pub(crate) actions: Entities,
}

/// The built-in policies and the pack's, with every mistake, in order of file and line.
pub(crate) fn compile(pack: &Pack) -> (Compiled, Vec<Diagnostic>) {
    let built_in = PolicyFile { path: "(built in)/access.cedar".into(), text: BUILT_IN.into() };
    let compiled = Compiled { set: PolicySet::new(), policies: BTreeMap::new(), actions: Entities::empty() };
    let mut reader = Reader { pack, compiled, texts: BTreeMap::new(), found: vec![] };
    for file in [&built_in].into_iter().chain(&pack.policies) {
        reader.file(file);
    }
    reader.validate();
    let mut found = reader.found;
    found.sort();
    found.dedup();
    (reader.compiled, found)
}

/// Where a policy stands in its file.
struct Snippet<'a> {
    file: &'a PolicyFile,
    start: usize,
    text: String,
}

impl Snippet<'_> {
    /// Place of a byte of the file; of the policy's first line when there is none.
    fn place(&self, offset: Option<usize>) -> Place {
        place(self.file, offset.unwrap_or(self.start))
    }
}

fn place(file: &PolicyFile, offset: usize) -> Place {
    let before = file.text.get(..offset).unwrap_or(&file.text);
    Place { file: file.path.clone(), line: before.matches('\n').count() + 1 }
}

struct Reader<'a> {
    pack: &'a Pack,
    compiled: Compiled,
    /// By the id a policy has in the set.
    texts: BTreeMap<String, Snippet<'a>>,
    found: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    fn file<'f: 'a>(&mut self, file: &'f PolicyFile) {
        let parsed: PolicySet = match file.text.parse() {
            Ok(parsed) => parsed,
            Err(errors) => {
                let errors: &cedar_policy::ParseErrors = &errors;
                for error in errors.iter() {
                    let at = place(file, offset(error).unwrap_or_default());
                    self.found.push(Mistake::Syntax(error.to_string()).at(&at));
                }
                return;
            }
        };
        for template in parsed.templates() {
            let at = file.text.find(&template.to_cedar()).unwrap_or_default();
            self.found.push(Mistake::Template.at(&place(file, at)));
        }
        // Cedar numbers policies in order; each is looked for after the one before, so that equal ones are told apart.
        let mut policies: Vec<&cedar_policy::Policy> = parsed.policies().collect();
        policies.sort_by_key(|p| p.id().to_string().trim_start_matches("policy").parse::<usize>().unwrap_or_default());
        let mut from = 0;
        for policy in policies {
            let text = policy.to_cedar().unwrap_or_default();
            let start = file.text.get(from..).and_then(|rest| rest.find(&text)).map_or(from, |at| from + at);
            from = start + text.len();
            self.policy(policy, Snippet { file, start, text });
        }
    }

    fn policy(&mut self, policy: &cedar_policy::Policy, snippet: Snippet<'a>) {
        let place = snippet.place(None);
        let mut annotation = |key: &'static str| {
            let text = policy.annotation(key).unwrap_or_default().trim().to_string();
            if text.is_empty() {
                self.found.push(Mistake::NoAnnotation(key).at(&place));
            }
            text
        };
        let (mut id, label) = (annotation("id"), Pair { ja: annotation("label_ja"), en: annotation("label_en") });
        let plain = id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if !plain {
            self.found.push(Mistake::BadId(id.clone()).at(&place));
        }
        if let Some(first) = self.compiled.policies.get(&id) {
            self.found.push(Mistake::DuplicateId { id: id.clone(), first: first.place.clone() }.at(&place));
        }
        if id.is_empty() || self.compiled.policies.contains_key(&id) {
            // Checked all the same, under a name no policy can have.
            id = format!("{}:{}", place.file, snippet.start);
        }
        self.names(policy, &snippet);
        // Cannot clash: the id was made unique above.
        let _ = self.compiled.set.add(policy.new_id(cedar_policy::PolicyId::new(&id)));
        let permits = policy.effect() == Effect::Permit;
        self.compiled.policies.insert(id.clone(), Policy { id: id.clone(), label, permits, place });
        self.texts.insert(id, snippet);
    }

    /// Every name a policy mentions must be one the pack declares.
    fn names(&mut self, policy: &cedar_policy::Policy, snippet: &Snippet) {
        for uid in policy.entity_literals() {
            let (kind, name) = (uid.type_name().to_string(), uid.id().unescaped().to_string());
            let mistake = match self.known(&kind) {
                Some(known) if !known.contains(&name.as_str()) => {
                    let what = kind.to_lowercase();
                    Mistake::Unknown { what, hint: did_you_mean(&name, known.iter().copied()), name }
                }
                None if kind == "Organisation" && !(name.len() == 13 && name.bytes().all(|b| b.is_ascii_digit())) => {
                    Mistake::NotANumber(name)
                }
                _ => continue,
            };
            let at = snippet.text.find(&uid.to_string()).map(|at| snippet.start + at);
            self.found.push(mistake.at(&snippet.place(at)));
        }
    }

    /// Names of a type; none for types whose names no pack declares.
    fn known(&self, kind: &str) -> Option<Vec<&'a str>> {
        let pack = self.pack;
        let codes = |list: &str| pack.code_lists.get(list).into_iter().flat_map(|l| &l.codes).map(|c| c.code.as_str());
        let none = [crate::NONE].into_iter();
        Some(match kind {
            "Role" => codes("role").collect(),
            "Purpose" => none.chain(codes("purpose")).collect(),
            "Register" => pack.registers.keys().map(String::as_str).collect(),
            "Registers" => vec!["plan", "office"],
            "State" => none.chain(pack.registers.values().flat_map(states)).collect(),
            "Transition" => pack.registers.values().flat_map(|r| &r.transitions).map(|t| t.name.as_str()).collect(),
            "Sensitivity" => SENSITIVITIES.iter().map(|(_, name)| *name).collect(),
            "Indicator" => pack.indicators.keys().map(String::as_str).collect(),
            "Kind" => vec!["kgi", "kpi", "reference", "follow-up", "check"],
            "System" => vec!["shirube"],
            _ => return None,
        })
    }

    /// Holds the policies against the schema.
    fn validate(&mut self) {
        let read = Schema::from_cedarschema_str(&schema(self.pack)).map_err(|e| e.to_string());
        let with_actions = read.and_then(|(schema, _)| match schema.action_entities() {
            Ok(actions) => Ok((schema, actions)),
            Err(e) => Err(e.to_string()),
        });
        let schema = match with_actions {
            Ok((schema, actions)) => {
                self.compiled.actions = actions;
                schema
            }
            Err(e) => {
                let place = Place { file: "policies".into(), line: 0 };
                self.found.push(Mistake::Schema(e).at(&place));
                return;
            }
        };
        let result = Validator::new(schema).validate(&self.compiled.set, ValidationMode::Strict);
        let mut wrong: Vec<String> = vec![];
        for error in result.validation_errors() {
            let id = error.policy_id().to_string();
            let hint = error.help().map(|h| h.to_string());
            let problem = plain(error.to_string(), &id);
            let mistake = match error {
                // Told better by `names`.
                Invalid::InvalidEnumEntity(_) => None,
                Invalid::UnrecognizedEntityType(_) => Some(Mistake::UnknownType(problem, hint)),
                Invalid::UnrecognizedActionId(_) => {
                    // `Action::"raed"`; of several near names Cedar offers any.
                    let name = problem.split('"').nth(1).unwrap_or_default().to_string();
                    Some(Mistake::Unknown { what: "action".into(), hint: did_you_mean(&name, crate::schema::ACTIONS), name })
                }
                Invalid::UnsafeAttributeAccess(_) => Some(Mistake::UnknownAttribute(problem, hint)),
                Invalid::InvalidActionApplication(_) => Some(Mistake::NeverApplies),
                _ => Some(Mistake::Types(problem, hint)),
            };
            if let (Some(mistake), Some(snippet)) = (mistake, self.texts.get(&id)) {
                self.found.push(mistake.at(&snippet.place(offset(error))));
            }
            wrong.push(id);
        }
        for warning in result.validation_warnings() {
            let id = warning.policy_id().to_string();
            let mistake = match warning {
                Warning::MixedScriptString(_)
                | Warning::BidiCharsInString(_)
                | Warning::BidiCharsInIdentifier(_)
                | Warning::MixedScriptIdentifier(_)
                | Warning::ConfusableIdentifier(_) => Mistake::Misleading(plain(warning.to_string(), &id)),
                _ if wrong.contains(&id) => continue,
                _ => Mistake::NeverApplies,
            };
            if let Some(snippet) = self.texts.get(&id) {
                self.found.push(mistake.at(&snippet.place(offset(warning))));
            }
        }
    }
}

/// Cedar begins every message with the policy's id, which the place already says.
fn plain(message: String, id: &str) -> String {
    message.strip_prefix(&format!("for policy `{id}`, ")).unwrap_or(&message).to_string()
}

/// Byte at which an error points.
fn offset(error: &dyn miette::Diagnostic) -> Option<usize> {
    Some(error.labels()?.next()?.offset())
}
