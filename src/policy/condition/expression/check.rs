//! Which expressions are admitted, and how many steps the evaluation of one can take.
//!
//! One walk answers both, so that nothing is evaluated that was not checked: with the sizes of an imagined person when the
//! configuration is read, and with those of the real one before each evaluation. Every value has a kind that is known
//! beforehand, and so has a bound; there is no way to write one that grows with anything but the text of the expression
//! and the number of elements of a list.

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, SelectExpr, operators};

use super::Expression;
use super::error::Problem;
use super::shape::{Record, Scalar, Shape, Sizes};

/// The names that an expression can use.
pub(super) const NAMES: &[&str] = &["saml", "request", "account", "groups", "groups_known", "now"];

/// What is wrong, at the node of this number.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) node: u64,
    pub(super) problem: Problem,
}

/// Which of the larger inputs an expression looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Uses {
    pub(super) groups: bool,
    pub(super) account_groups: bool,
    pub(super) attributes: bool,
    /// The request, or that there is none.
    pub(super) request: bool,
}

/// What is known of an expression that was walked through.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) uses: Uses,
}

/// Walks through `expression` as it would be evaluated for somebody with these `sizes`.
pub(super) fn check(expression: &IdedExpr, sizes: Sizes) -> Result<Checked, Fault> {
    let mut walk = Walk { sizes, variables: Vec::new(), nodes: 0, steps: 0, uses: Uses::default() };
    match walk.shape(expression, 0, 1)? {
        Shape::Single(Scalar::Bool) => Ok(Checked { uses: walk.uses }),
        other => Err(Fault { node: expression.id, problem: Problem::NotBoolean(other.kind()) }),
    }
}

struct Walk<'a> {
    sizes: Sizes,
    /// The variables of the loops around the node, innermost last.
    variables: Vec<(&'a str, Scalar)>,
    nodes: usize,
    steps: u64,
    uses: Uses,
}

const BOOL: Shape = Shape::Single(Scalar::Bool);
const INT: Shape = Shape::Single(Scalar::Int);

impl<'a> Walk<'a> {
    /// The shape of what `expr` yields, which is evaluated `times` times.
    fn shape(&mut self, expr: &'a IdedExpr, depth: usize, times: u64) -> Result<Shape, Fault> {
        let fault = |problem| Fault { node: expr.id, problem };
        self.nodes = self.nodes.saturating_add(1);
        if self.nodes > Expression::MAX_NODES {
            return Err(fault(Problem::TooLarge));
        }
        if depth >= Expression::MAX_DEPTH {
            return Err(fault(Problem::TooDeep));
        }
        let depth = depth.saturating_add(1);
        let (shape, steps) = match &expr.expr {
            Expr::Literal(literal) => (literal_shape(literal).map_err(fault)?, 1),
            Expr::Ident(name) => (self.name(name).map_err(fault)?, 1),
            Expr::Select(select) => (self.select(expr.id, select, depth, times)?, 1),
            Expr::Call(call) => self.call(expr.id, call, depth, times)?,
            Expr::List(list) => {
                let mut element = None;
                for item in &list.elements {
                    let shape = self.shape(item, depth, times)?;
                    let Shape::Single(scalar) = shape else {
                        return Err(operands(expr.id, "[]", &[shape]));
                    };
                    element = match element {
                        None => Some(scalar),
                        Some(before) => Some(
                            scalar
                                .merge(before)
                                .ok_or_else(|| operands(expr.id, "[]", &[Shape::Single(before), shape]))?,
                        ),
                    };
                }
                // The kind of an empty list is anybody's guess.
                let element = element.ok_or_else(|| fault(Problem::Literal("an empty list")))?;
                let shape = Shape::List(size(list.elements.len()), element);
                (shape, shape.weight())
            }
            Expr::Comprehension(comprehension) => self.repeat(expr.id, comprehension, depth, times)?,
            Expr::Map(_) => return Err(fault(Problem::Literal("a map"))),
            Expr::Struct(_) => return Err(fault(Problem::Literal("a message"))),
            Expr::Unspecified => return Err(fault(Problem::Literal("nothing"))),
        };
        self.steps = self.steps.saturating_add(steps.saturating_mul(times));
        if self.steps > Expression::MAX_STEPS {
            return Err(fault(Problem::TooMuchWork));
        }
        Ok(shape)
    }

    fn name(&mut self, name: &str) -> Result<Shape, Problem> {
        if let Some((_, scalar)) = self.variables.iter().rev().find(|(variable, _)| *variable == name) {
            return Ok(Shape::Single(*scalar));
        }
        Ok(match name {
            "saml" => Shape::Record(Record::Saml),
            "request" => {
                self.uses.request = true;
                Shape::Record(Record::Request)
            }
            "account" => Shape::Record(Record::Account),
            "groups" => {
                self.uses.groups = true;
                list(self.sizes.groups)
            }
            "groups_known" => BOOL,
            "now" => INT,
            _ => return Err(Problem::UnknownName(name.to_owned())),
        })
    }

    fn select(
        &mut self,
        node: u64,
        select: &'a SelectExpr,
        depth: usize,
        times: u64,
    ) -> Result<Shape, Fault> {
        let text = Shape::Single(Scalar::Text(self.sizes.text));
        let shape = match self.shape(&select.operand, depth, times)? {
            Shape::Attributes => list(self.sizes.attribute),
            Shape::Record(record) => match (record, select.field.as_str()) {
                (Record::Saml, "name_id" | "name_id_format" | "username" | "email" | "display_name")
                | (Record::Request, "path" | "url") => text,
                (Record::Saml, "attributes") => {
                    self.uses.attributes = true;
                    Shape::Attributes
                }
                (Record::Request, "present") | (Record::Account, "known" | "exists" | "active") => BOOL,
                (Record::Account, "groups") => {
                    self.uses.account_groups = true;
                    list(self.sizes.account_groups)
                }
                (of, field) => {
                    let (field, known, of) = (field.to_owned(), of.fields(), of.name());
                    return Err(Fault { node, problem: Problem::UnknownField { of, field, known } });
                }
            },
            other => return Err(operands(node, ".", &[other])),
        };
        Ok(if select.test { BOOL } else { shape })
    }

    /// The shape of the result, and the steps that the call itself takes.
    fn call(
        &mut self,
        node: u64,
        call: &'a CallExpr,
        depth: usize,
        times: u64,
    ) -> Result<(Shape, u64), Fault> {
        let mut given = Vec::new();
        for operand in call.target.iter().map(AsRef::as_ref).chain(&call.args) {
            given.push(self.shape(operand, depth, times)?);
        }
        let function = call.func_name.as_str();
        if !FUNCTIONS.contains(&(function, call.target.is_some())) {
            return Err(Fault { node, problem: Problem::UnknownFunction(spelled(function).to_owned()) });
        }
        if let (operators::INDEX, [Shape::Attributes, Shape::Single(Scalar::Text(_))]) =
            (function, given.as_slice())
        {
            return Ok((list(self.sizes.attribute), 1));
        }
        result(function, &given).ok_or_else(|| operands(node, spelled(function), &given))
    }

    /// A macro that goes through a list.
    fn repeat(
        &mut self,
        node: u64,
        comprehension: &'a ComprehensionExpr,
        depth: usize,
        times: u64,
    ) -> Result<(Shape, u64), Fault> {
        let fault = |problem| Fault { node, problem };
        if self.variables.len() >= Expression::MAX_LOOPS {
            return Err(fault(Problem::LoopsTooDeep));
        }
        let (count, element) = match self.shape(&comprehension.iter_range, depth, times)? {
            Shape::List(count, element) => (count, element),
            other => return Err(fault(Problem::NotAList(other.kind()))),
        };
        let variable = comprehension.iter_var.as_str();
        if NAMES.contains(&variable) || self.variables.iter().any(|(name, _)| *name == variable) {
            return Err(fault(Problem::NameTaken(variable.to_owned())));
        }
        let step = Step::of(comprehension).ok_or_else(|| fault(Problem::Literal("such a loop")))?;
        let times = times.saturating_mul(count);
        self.variables.push((variable, element));
        if let Some(test) = step.test {
            let shape = self.shape(test, depth, times)?;
            if shape != BOOL {
                return Err(operands(test.id, step.name, &[shape]));
            }
        }
        let yielded = match step.item {
            None => BOOL,
            Some(item) => match self.shape(item, depth, times)? {
                Shape::Single(item) => Shape::List(count, item),
                other => return Err(operands(item.id, step.name, &[other])),
            },
        };
        self.variables.pop();
        // What the macro stands for besides what was written, for each element: the names and operators of the running
        // result, and a copy of the element.
        let around = 8u64.saturating_add(element.weight());
        Ok((yielded, around.saturating_mul(count).saturating_add(yielded.weight())))
    }
}

/// The part of a macro's loop that somebody wrote.
struct Step<'a> {
    name: &'static str,
    test: Option<&'a IdedExpr>,
    item: Option<&'a IdedExpr>,
}

impl<'a> Step<'a> {
    fn of(comprehension: &'a ComprehensionExpr) -> Option<Self> {
        let Expr::Call(step) = &comprehension.loop_step.expr else { return None };
        let appended = |step: &'a CallExpr| match step.args.as_slice() {
            [_, IdedExpr { expr: Expr::List(list), .. }] if step.func_name == operators::ADD => {
                list.elements.first()
            }
            _ => None,
        };
        match (&comprehension.accu_init.expr, step.func_name.as_str(), step.args.as_slice()) {
            (Expr::Literal(_), operators::LOGICAL_OR | operators::LOGICAL_AND, [_, test]) => {
                Some(Self { name: "exists or all", test: Some(test), item: None })
            }
            (Expr::Literal(_), operators::CONDITIONAL, [test, _, _]) => {
                Some(Self { name: "exists_one", test: Some(test), item: None })
            }
            (Expr::List(_), operators::CONDITIONAL, [test, IdedExpr { expr: Expr::Call(add), .. }, _]) => {
                Some(Self { name: "filter", test: Some(test), item: Some(appended(add)?) })
            }
            (Expr::List(_), operators::ADD, _) => {
                Some(Self { name: "map", test: None, item: Some(appended(step)?) })
            }
            _ => None,
        }
    }
}

/// Every operator and function that is admitted, and whether it stands after a dot. The macros (`has`, `all`, `exists`,
/// `exists_one`, `filter`, `map`) are gone once the text is parsed.
const FUNCTIONS: &[(&str, bool)] = &[
    (operators::CONDITIONAL, false),
    (operators::LOGICAL_AND, false),
    (operators::LOGICAL_OR, false),
    (operators::LOGICAL_NOT, false),
    (operators::EQUALS, false),
    (operators::NOT_EQUALS, false),
    (operators::LESS, false),
    (operators::LESS_EQUALS, false),
    (operators::GREATER, false),
    (operators::GREATER_EQUALS, false),
    (operators::ADD, false),
    (operators::SUBSTRACT, false),
    (operators::MULTIPLY, false),
    (operators::DIVIDE, false),
    (operators::MODULO, false),
    (operators::NEGATE, false),
    (operators::IN, false),
    (operators::INDEX, false),
    ("size", false),
    ("size", true),
    ("int", false),
    ("contains", true),
    ("startsWith", true),
    ("endsWith", true),
    ("lowerAscii", true),
];

/// What `function` yields for operands of these shapes and the steps it takes, or `None` when it cannot take them.
fn result(function: &str, given: &[Shape]) -> Option<(Shape, u64)> {
    use self::Scalar::{Bool, Int, Text};
    use self::Shape::{Attributes, List, Single};
    Some(match (function, given) {
        (operators::CONDITIONAL, [Single(Bool), one, other]) => {
            let either = one.merge(*other)?;
            (either, either.weight())
        }
        (operators::LOGICAL_AND | operators::LOGICAL_OR, [Single(Bool), Single(Bool)])
        | (operators::LOGICAL_NOT, [Single(Bool)]) => (BOOL, 1),
        (operators::EQUALS | operators::NOT_EQUALS, [Single(one), Single(other)]) => {
            (BOOL, one.merge(*other)?.weight())
        }
        (
            operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS,
            [Single(Int), Single(Int)],
        ) => (BOOL, 1),
        (
            operators::ADD
            | operators::SUBSTRACT
            | operators::MULTIPLY
            | operators::DIVIDE
            | operators::MODULO,
            [Single(Int), Single(Int)],
        )
        | (operators::NEGATE, [Single(Int)]) => (INT, 1),
        (operators::ADD, [Single(Text(one)), Single(Text(other))]) => {
            let both = Single(Text(one.saturating_add(*other)));
            (both, both.weight())
        }
        (operators::ADD, [List(count, one), List(more, other)]) => {
            let both = List(count.saturating_add(*more), one.merge(*other)?);
            (both, both.weight())
        }
        (operators::IN, [Single(one), List(count, other)]) => {
            (BOOL, count.saturating_mul(one.merge(*other)?.weight()).saturating_add(1))
        }
        (operators::IN, [Single(text @ Text(_)), Attributes]) => (BOOL, text.weight()),
        (operators::INDEX, [List(_, element), Single(Int)]) => (Single(*element), element.weight()),
        ("size", [sized @ (Single(Text(_)) | List(..) | Attributes)]) => (INT, sized.weight()),
        ("int", [Single(Text(bytes))]) => (INT, Text(*bytes).weight()),
        ("contains" | "startsWith" | "endsWith", [Single(Text(text)), Single(Text(part))]) => {
            (BOOL, Text(text.saturating_add(*part)).weight())
        }
        ("lowerAscii", [Single(text @ Text(_))]) => (Single(*text), text.weight()),
        _ => return None,
    })
}

fn literal_shape(literal: &LiteralValue) -> Result<Shape, Problem> {
    Ok(match literal {
        LiteralValue::Boolean(_) => BOOL,
        LiteralValue::Int(_) => INT,
        LiteralValue::String(text) => Shape::Single(Scalar::Text(size(text.inner().len()))),
        LiteralValue::Bytes(_) => return Err(Problem::Literal("a sequence of bytes")),
        LiteralValue::Double(_) => return Err(Problem::Literal("a fraction")),
        LiteralValue::UInt(_) => return Err(Problem::Literal("an unsigned number")),
        LiteralValue::Null => return Err(Problem::Literal("null")),
    })
}

fn list((count, bytes): (u64, u64)) -> Shape {
    Shape::List(count, Scalar::Text(bytes))
}

fn operands(node: u64, function: &str, given: &[Shape]) -> Fault {
    let given = given.iter().map(|shape| shape.kind()).collect();
    Fault { node, problem: Problem::Operands { function: function.to_owned(), given } }
}

/// An operator as it is written.
fn spelled(function: &str) -> &str {
    match function {
        operators::CONDITIONAL => "?:",
        operators::IN => "in",
        operators::INDEX => "[]",
        operators::LOGICAL_NOT => "!",
        operators::NEGATE => "-",
        other => other.strip_prefix('_').and_then(|name| name.strip_suffix('_')).unwrap_or(other),
    }
}

fn size(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
