//! Reads tokens into a tree: FHIRPath's grammar, as far as it is supported.

use super::lexer::{Token, tokens};
use super::{Ast, Call, CallKind, Literal, Operator, PathFault};
use crate::moment::Moment;

/// Bytes of one path.
const PATH_BYTES_MAX: usize = 4096;
/// Parentheses, arguments and indexes inside each other; also bounds the recursion of what reads
/// the tree.
const DEPTH_MAX: usize = 32;
/// Binary operators in one path: each makes the tree one deeper.
const OPERATORS_MAX: usize = 128;

/// Reads one path.
pub(crate) fn parse(text: &str) -> Result<Ast, PathFault> {
    if text.len() > PATH_BYTES_MAX {
        return Err(PathFault::syntax(
            PATH_BYTES_MAX,
            format!("over {PATH_BYTES_MAX} bytes"),
        ));
    }
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens: &tokens,
        at: 0,
        end: text.len(),
        depth: 0,
        operators: 0,
    };
    let ast = parser.expression()?;
    match parser.tokens.get(parser.at) {
        None => Ok(ast),
        Some(_) => Err(parser.unexpected("the end of the path")),
    }
}

struct Parser<'a> {
    tokens: &'a [(usize, Token)],
    at: usize,
    end: usize,
    depth: usize,
    operators: usize,
}

impl Parser<'_> {
    fn expression(&mut self) -> Result<Ast, PathFault> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(PathFault::syntax(
                self.position(),
                format!("nested over {DEPTH_MAX}"),
            ));
        }
        let ast = self.or()?;
        self.unsupported_operator()?;
        self.depth -= 1;
        Ok(ast)
    }

    fn or(&mut self) -> Result<Ast, PathFault> {
        let mut left = self.and()?;
        while self.keyword("or") {
            let right = self.and()?;
            left = self.binary(Operator::Or, left, right)?;
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Ast, PathFault> {
        let mut left = self.equality()?;
        while self.keyword("and") {
            let right = self.equality()?;
            left = self.binary(Operator::And, left, right)?;
        }
        Ok(left)
    }

    fn equality(&mut self) -> Result<Ast, PathFault> {
        const OPERATORS: [(&str, Operator); 2] =
            [("=", Operator::Equal), ("!=", Operator::NotEqual)];
        self.operators(&OPERATORS, Self::order)
    }

    fn order(&mut self) -> Result<Ast, PathFault> {
        const OPERATORS: [(&str, Operator); 4] = [
            ("<", Operator::Less),
            ("<=", Operator::LessOrEqual),
            (">", Operator::Greater),
            (">=", Operator::GreaterOrEqual),
        ];
        self.operators(&OPERATORS, Self::cast)
    }

    /// `a as Type` is `a.ofType(Type)`.
    fn cast(&mut self) -> Result<Ast, PathFault> {
        let mut left = self.sum()?;
        loop {
            let position = self.position();
            if !self.keyword("as") {
                return Ok(left);
            }
            let kind = CallKind::Function("ofType".to_owned(), vec![self.operand()?]);
            let call = Call { position, kind };
            left = match left {
                Ast::Chain(start, mut calls) => {
                    calls.push(call);
                    Ast::Chain(start, calls)
                }
                start => Ast::Chain(Box::new(start), vec![call]),
            };
        }
    }

    fn sum(&mut self) -> Result<Ast, PathFault> {
        const OPERATORS: [(&str, Operator); 3] = [
            ("+", Operator::Add),
            ("-", Operator::Subtract),
            ("&", Operator::Concatenate),
        ];
        self.operators(&OPERATORS, Self::product)
    }

    fn product(&mut self) -> Result<Ast, PathFault> {
        const OPERATORS: [(&str, Operator); 2] =
            [("*", Operator::Multiply), ("/", Operator::Divide)];
        self.operators(&OPERATORS, Self::operand)
    }

    /// Operands between operators that bind alike, from the left.
    fn operators(
        &mut self,
        known: &[(&str, Operator)],
        operand: impl Fn(&mut Self) -> Result<Ast, PathFault>,
    ) -> Result<Ast, PathFault> {
        let mut left = operand(self)?;
        loop {
            let found = known.iter().find(|(symbol, _)| self.symbol(symbol));
            let Some((_, operator)) = found else {
                return Ok(left);
            };
            let right = operand(self)?;
            left = self.binary(*operator, left, right)?;
        }
    }

    fn binary(&mut self, operator: Operator, left: Ast, right: Ast) -> Result<Ast, PathFault> {
        self.operators += 1;
        if self.operators > OPERATORS_MAX {
            return Err(PathFault::syntax(
                self.position(),
                format!("over {OPERATORS_MAX} operators"),
            ));
        }
        Ok(Ast::Binary(operator, Box::new(left), Box::new(right)))
    }

    fn operand(&mut self) -> Result<Ast, PathFault> {
        let (start, mut calls) = self.start()?;
        loop {
            let position = self.position();
            if self.symbol(".") {
                calls.push(self.call()?);
            } else if self.symbol("[") {
                let kind = CallKind::Index(self.expression()?);
                self.wanted("]")?;
                calls.push(Call { position, kind });
            } else {
                break;
            }
        }
        self.unsupported_operator()?;
        Ok(if calls.is_empty() {
            start
        } else {
            Ast::Chain(Box::new(start), calls)
        })
    }

    /// What a chain starts with: a member or function without a receiver applies to `$this`.
    fn start(&mut self) -> Result<(Ast, Vec<Call>), PathFault> {
        let position = self.position();
        let start = match self.peek() {
            Some(Token::Symbol("(")) => {
                self.at += 1;
                let inner = self.expression()?;
                self.wanted(")")?;
                inner
            }
            Some(Token::Symbol("{")) => {
                self.at += 1;
                self.wanted("}")?;
                Ast::Empty
            }
            Some(Token::Symbol("-")) => {
                self.at += 1;
                match self.peek() {
                    Some(Token::Number(digits)) => self.number(&format!("-{digits}"))?,
                    _ => return Err(self.unsupported("`-` before anything but a number")),
                }
            }
            Some(Token::Number(digits)) => self.number(&digits)?,
            Some(Token::Text(text)) => {
                self.at += 1;
                Ast::Literal(Literal::Text(text))
            }
            Some(Token::Moment(text)) => {
                self.at += 1;
                let moment = Moment::parse(&text)
                    .ok_or_else(|| PathFault::syntax(position, "not a date or time"))?;
                Ast::Literal(Literal::Moment(text, moment))
            }
            Some(Token::Constant(name)) => {
                self.at += 1;
                Ast::Constant(position, name)
            }
            Some(Token::Variable(name)) if name == "this" => {
                self.at += 1;
                Ast::This
            }
            Some(Token::Variable(name)) => return Err(self.unsupported(&format!("`${name}`"))),
            Some(Token::Name(name)) if name == "true" || name == "false" => {
                self.at += 1;
                Ast::Literal(Literal::Boolean(name == "true"))
            }
            _ => {
                let first = self.call()?;
                return Ok((Ast::This, vec![first]));
            }
        };
        Ok((start, Vec::new()))
    }

    fn call(&mut self) -> Result<Call, PathFault> {
        let position = self.position();
        let kind = self.call_kind()?;
        Ok(Call { position, kind })
    }

    fn call_kind(&mut self) -> Result<CallKind, PathFault> {
        let name = match self.peek() {
            Some(Token::Name(name)) if !is_operator(&name) => name,
            Some(Token::Delimited(name)) => {
                self.at += 1;
                return Ok(CallKind::Member(name));
            }
            Some(Token::Variable(name)) => return Err(self.unsupported(&format!("`.${name}`"))),
            _ => return Err(self.unexpected("a name")),
        };
        self.at += 1;
        if !self.symbol("(") {
            return Ok(CallKind::Member(name));
        }
        let mut arguments = Vec::new();
        if self.symbol(")") {
            return Ok(CallKind::Function(name, arguments));
        }
        loop {
            arguments.push(self.expression()?);
            if !self.symbol(",") {
                self.wanted(")")?;
                return Ok(CallKind::Function(name, arguments));
            }
        }
    }

    fn number(&mut self, digits: &str) -> Result<Ast, PathFault> {
        let position = self.position();
        self.at += 1;
        let out_of_range = || PathFault::syntax(position, "the number is out of range");
        let literal = if digits.contains('.') {
            let value = digits.parse().ok().filter(|value: &f64| value.is_finite());
            Literal::Decimal(digits.to_owned(), value.ok_or_else(out_of_range)?)
        } else {
            Literal::Integer(digits.parse().map_err(|_| out_of_range())?)
        };
        // `5 'mg'` is a quantity, `5 days` a duration.
        match self.peek() {
            Some(Token::Text(_)) => Err(self.unsupported("a quantity literal")),
            Some(Token::Name(name)) if !is_operator(&name) && name != "as" => {
                Err(self.unsupported("a quantity literal"))
            }
            _ => Ok(Ast::Literal(literal)),
        }
    }

    /// After an operand: an operator of FHIRPath that this engine lacks is said to be one.
    fn unsupported_operator(&self) -> Result<(), PathFault> {
        let operator = match self.peek() {
            Some(Token::Symbol(symbol @ ("|" | "~" | "!~"))) => symbol.to_owned(),
            Some(Token::Name(name))
                if matches!(
                    name.as_str(),
                    "is" | "in" | "contains" | "xor" | "implies" | "div" | "mod"
                ) =>
            {
                name
            }
            _ => return Ok(()),
        };
        Err(self.unsupported(&format!("the operator `{operator}`")))
    }

    fn peek(&self) -> Option<Token> {
        self.tokens.get(self.at).map(|(_, token)| token.clone())
    }

    fn position(&self) -> usize {
        self.tokens
            .get(self.at)
            .map_or(self.end, |(position, _)| *position)
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let found = matches!(self.tokens.get(self.at),
            Some((_, Token::Name(name))) if name == keyword);
        self.at += usize::from(found);
        found
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        let found = matches!(self.tokens.get(self.at),
            Some((_, Token::Symbol(found))) if *found == symbol);
        self.at += usize::from(found);
        found
    }

    fn wanted(&mut self, symbol: &str) -> Result<(), PathFault> {
        if self.symbol(symbol) {
            Ok(())
        } else {
            Err(self.unexpected(&format!("`{symbol}`")))
        }
    }

    fn unsupported(&self, what: &str) -> PathFault {
        PathFault::unsupported(self.position(), what)
    }

    fn unexpected(&self, wanted: &str) -> PathFault {
        PathFault::syntax(self.position(), format!("{wanted} is wanted here"))
    }
}

/// Keywords that cannot name an element; `is`, `as`, `in` and `contains` can.
fn is_operator(name: &str) -> bool {
    matches!(
        name,
        "and" | "or" | "xor" | "implies" | "div" | "mod" | "true" | "false"
    )
}
