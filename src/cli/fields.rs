//! `sockscope fields [PREFIX]`: the names that filters know.

use std::io::{self, Write};

use sockscope::judge::filter::Field;

use super::args::FieldsArgs;
use super::failure::Failure;

pub(crate) fn run(args: FieldsArgs, out: &mut impl Write) -> Result<(), Failure> {
    let prefix = args.prefix.unwrap_or_default();
    let fields: Vec<Field> = Field::all().filter(|field| field.name().starts_with(&prefix)).collect();
    if fields.is_empty() {
        return Err(Failure::Usage(format!("no field begins with {prefix}; sockscope fields names all")));
    }
    match args.form.json {
        true => fields.into_iter().try_for_each(|field| json(field, out))?,
        false => text(&fields, out)?,
    }
    Ok(())
}

fn text(fields: &[Field], out: &mut impl Write) -> io::Result<()> {
    let width = fields.iter().map(|field| field.name().len()).max().unwrap_or(0);
    fields.iter().try_for_each(|field| {
        let kind = field.kind().to_string();
        writeln!(out, "{field:width$}  {kind:16}  {}", field.meaning())
    })
}

fn json(field: Field, out: &mut impl Write) -> io::Result<()> {
    let line = serde_json::json!({ "name": field.name(), "kind": field.kind().to_string(), "meaning": field.meaning() });
    writeln!(out, "{line}")
}
